// Tests stages whose folder has other settings, older or damaged settings, or vanishes.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "pipeline/support/stage_output.h"
#include "tests/pipeline/stage_run.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::RunIn;
using testing::HasSubstr;

TEST(StageSettings, NeverMixesSettings) {
  const test::TemporaryFolder folder;
  StageOutput(RunIn(folder / "out", "height = 360\nquality = 90\n"));
  try {
    StageOutput(RunIn(folder / "out", "height = 360\nquality = 80\n"));
    FAIL() << "settings were mixed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("'quality = 90' there, 'quality = 80' now"),
              std::string::npos)
        << error.what();
  }
  const StageOutput redo(RunIn(folder / "out", "height = 1\n", true));
  EXPECT_TRUE(redo.must_redo());
}

std::string Refusal(const std::string& there, const StageSettings& now) {
  const test::TemporaryFolder folder;
  StageOutput({folder / "out", "prep-videos", {there, there, there}, {}});
  try {
    const StageOutput output({folder / "out", "prep-videos", now, {}});
    EXPECT_EQ(output.settings(), there) << "what identifies the work stays what it was";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  EXPECT_EQ(ReadFile(folder / "out" / "settings.ini"), FormatSettingsFile(there));
  return "";
}

TEST(StageSettings, AnOptionAddedSinceCountsAsItsDefault) {
  const std::string defaults = "height = 360\nclasses = \nmode = field\nquality = 90\n";
  const std::string old = "height = 240\nquality = 90\n";
  StageSettings now{defaults, "height = 240\nclasses = \nmode = field\nquality = 90\n", defaults};
  EXPECT_EQ(Refusal(old, now), "");
  now.output = "height = 240\nclasses = \nmode = weave\nquality = 90\n";
  EXPECT_THAT(Refusal(old, now),
              HasSubstr("('mode = field' there by default, 'mode = weave' now)"));
  now.output = "height = 240\nclasses = a.txt\nmode = field\nquality = 90\n";
  EXPECT_THAT(Refusal(old, now), HasSubstr("'classes = a.txt' now"));
  // The order of the options does not matter.
  now.output = "quality = 90\nmode = field\nclasses = \nheight = 240\n";
  EXPECT_EQ(Refusal(old, now), "");
}

TEST(StageSettings, ARefusalNamesEveryOptionThatDiffers) {
  const StageSettings now{"height = 360\nquality = 90\nthreads = 4\n",
                          "height = 360\nquality = 90\n", "height = 360\nquality = 90\n"};
  EXPECT_THAT(Refusal("height = 240\nquality = 80\n", now),
              HasSubstr("('height = 240' there, 'height = 360' now; "
                        "'quality = 80' there, 'quality = 90' now)"));
  EXPECT_THAT(Refusal("height = 360\nquality = 90\nsharpen = 0\n", now),
              HasSubstr("('sharpen = 0' there, unknown to this version)"));
  EXPECT_EQ(Refusal("height = 360\nquality = 90\nthreads = 1\n", now), "")
      << "threads have come to decide nothing";
  EXPECT_THAT(Refusal("height = 360\nquality = 90\nand garbage\n", now), HasSubstr("and garbage"));
}

// Makes a stage's folder, writes `settings` to its settings.ini and `config` to its config.ini, and
// starts the stage again with the settings `now`. Returns the error; "" if there is none.
std::string SaidOf(const std::string& settings, const std::string& config,
                   const std::string& now = "height = 240\nmode = field\nquality = 80\n") {
  const test::TemporaryFolder folder;
  const std::string defaults = "height = 360\nmode = field\nquality = 90\n";
  const std::string first = "height = 240\nmode = field\nquality = 80\n";
  StageOutput({folder / "out", "prep-videos", {first, first, defaults}, {}}).Finish({}, {});
  WriteFileAtomically(folder / "out" / "settings.ini", settings);
  WriteFileAtomically(folder / "out" / "config.ini", config);
  try {
    const StageOutput output({folder / "out", "prep-videos", {now, now, defaults}, {}});
  } catch (const Error& error) {
    EXPECT_EQ(ReadFile(folder / "out" / "settings.ini"), settings);
    EXPECT_EQ(ReadFile(folder / "out" / "config.ini"), config);
    EXPECT_TRUE(fs::exists(folder / "out" / "DONE")) << "a refusal changes nothing";
    return error.what();
  }
  return "";
}

// A setting whose line is lost must not become the default.
TEST(StageSettings, SettingsThatLostLinesAreRefused) {
  const std::string config = "# help\nheight = 240\n# help\nmode = field\n# help\nquality = 80\n";
  const std::string whole = FormatSettingsFile("height = 240\nmode = field\nquality = 80\n");
  EXPECT_EQ(SaidOf(whole, config), "");
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string said = SaidOf(whole.substr(0, size), config);
    EXPECT_THAT(said, HasSubstr("settings.ini was cut or changed after it was written")) << size;
    if (size <= whole.find("quality")) {
      EXPECT_THAT(said, HasSubstr("quality")) << size;
    }
    EXPECT_THAT(said, HasSubstr("config.ini beside it holds the same settings")) << size;
  }
  const size_t first = whole.find('\n') + 1;
  EXPECT_THAT(SaidOf(whole.substr(0, first) + "quality = 80\n", config),
              HasSubstr("it holds 1 settings and states 3 (missing: height, mode); put back"));
  EXPECT_THAT(SaidOf(whole + "sharpen = 1\n", config), HasSubstr("holds 4 settings and states 3"));
  EXPECT_THAT(SaidOf(std::string(whole.size(), '\0'), config), HasSubstr("holds 0 settings"));
}

// The first line, with the number of settings, may be lost too. config.ini still has all settings.
TEST(StageSettings, SettingsThatLostTheirFirstLinesAreThoseOfTheConfiguration) {
  const std::string config = "# help\nheight = 240\n# help\nmode = field\n# help\nquality = 80\n";
  EXPECT_EQ(SaidOf("mode = field\n", config), "");
  EXPECT_THAT(SaidOf("mode = field\n", config, "height = 360\nmode = field\nquality = 90\n"),
              HasSubstr("('height = 240' in config.ini there, 'height = 360' now; "
                        "'quality = 80' in config.ini there, 'quality = 90' now)"));
}

// The message must show the text behind a NUL too.
TEST(StageSettings, SettingsWithControlCharactersAreShownWhole) {
  const std::string nul =
      FormatSettingsFile(std::string("height = 24\0\x1B\nmode = field\nquality = 80\n", 40));
  const std::string said = SaidOf(nul, "");
  EXPECT_THAT(said, HasSubstr(R"('height = 24\x00\x1b' there, 'height = 240' now)"));
  EXPECT_THAT(said, HasSubstr("give another folder"));
}

TEST(StageSettings, AFolderThatLostItsSettingsIsNotCalledSomebodyElses) {
  const test::TemporaryFolder folder;
  StageOutput(RunIn(folder / "out", "height = 1\n")).Finish({}, {});
  fs::remove(folder / "out" / "settings.ini");
  try {
    const StageOutput output(RunIn(folder / "out", "height = 1\n"));
    FAIL() << "it took a folder of unknown settings";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("settings.ini is missing, though prep-videos wrote"));
  }
}

// If somebody removes or replaces the folder, nothing is written to it. The same command can then
// start again.
TEST(StageSettings, AFolderRemovedMeanwhileIsNotMadeAgain) {
  const test::TemporaryFolder folder;
  const fs::path out = folder / "out";
  const auto refusal = [&](const std::function<void()>& mischief) {
    const StageOutput output(RunIn(out, "height = 1\n"));
    mischief();
    std::string said;
    for (const bool finishes : {true, false}) {
      try {
        finishes ? static_cast<void>(output.Finish({}, {})) : output.Report({}, {});
        ADD_FAILURE() << "it wrote a report";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
        said = error.what();
      }
    }
    return said;
  };
  EXPECT_THAT(refusal([&] { fs::remove_all(out); }), HasSubstr("out was removed or renamed while"));
  EXPECT_FALSE(fs::exists(out));
  EXPECT_THAT(refusal([&] {
                fs::rename(out, folder / "moved");
                fs::create_directory(out);
              }),
              HasSubstr("out was replaced by another folder"));
  EXPECT_TRUE(fs::is_empty(out));
  EXPECT_THAT(refusal([&] {
                fs::remove(out / "settings.ini");
                fs::remove(out / "config.ini");
              }),
              HasSubstr("settings.ini was removed while prep-videos was at work"));
  EXPECT_TRUE(fs::is_empty(out));
  EXPECT_TRUE(StageOutput(RunIn(out, "height = 1\n")).Finish({}, {}));
}

}  // namespace
}  // namespace reel3d
