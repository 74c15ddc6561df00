// Runs list-videos over folders with odd names, copies, or the tools' own output. Each case checks
// the list and the messages.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ListOddFolders : public testing::Test {
 protected:
  // Writes a file. If `content` is empty, the file holds its own name.
  void Write(const std::string& name, const std::string& content = "") {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << (content.empty() ? name : content);
  }

  test::CommandResult List(const std::vector<std::string>& options = {}) {
    std::vector<std::string> command = {test::ToolPath("list-videos").string(), "--overwrite"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back((folder_ / "source").string());
    command.push_back(manifest_);
    return test::RunCommand(command);
  }

  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const VideoRow& row : ReadManifest(manifest_).videos) {
      ids.push_back(row.id);
    }
    return ids;
  }

  std::vector<std::string> Classes() const { return ReadClasses(folder_ / "out/classes.txt"); }

  test::TemporaryFolder folder_;
  std::string manifest_ = (folder_ / "out/videos.tsv").string();
};

TEST_F(ListOddFolders, BadNamesCostThemselvesAlone) {
  for (const char* name : {"wave/a\tb.mp4", "wave/a\nb.mp4", "wave/\xFF.mp4", "wave/good.mp4",
                           "wave/\x1B[31m.mp4", "ju\tmp/a.mp4", "ju\tmp/b.mp4", "run/c.mp4"}) {
    Write(std::string("source/") + name);
  }
  const auto result = List();
  EXPECT_EQ(result.exit_status, kExitDone) << result.err;
  EXPECT_THAT(Ids(), ElementsAre("c", "good"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("wave/a\\tb.mp4"), HasSubstr("wave/a\\nb.mp4"),
                                HasSubstr("wave/\\xFF.mp4"), HasSubstr("wave/\\x1B[31m.mp4")));
  EXPECT_THAT(result.err, AllOf(HasSubstr("ju\\tmp"), HasSubstr("2 videos are passed over")));
  EXPECT_THAT(result.out, HasSubstr("passed over for their names: 6"));
}

TEST_F(ListOddFolders, LongNamesGetShortIds) {
  std::string title = "source/cook/";
  for (int i = 0; i < 70; ++i) {
    title += "\xE6\x96\x99";
  }
  Write(title + " [Ab3dEfGhIjK].mp4");
  Write("source/walk/c.mp4");
  const auto result = List();
  EXPECT_EQ(result.exit_status, kExitDone) << result.err;
  const std::vector<std::string> ids = Ids();
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_LE(ids[0].size(), 120U);
  List();
  EXPECT_EQ(Ids(), ids);
}

TEST_F(ListOddFolders, WhatIsNoVideoIsSaidWithWhatTakesIt) {
  Write("source/wave/1.gif");
  EXPECT_THAT(List().err, AllOf(HasSubstr("1 .gif"), HasSubstr("--extensions gif")));
  fs::remove(folder_ / "source/wave/1.gif");
  Write("source/wave/00001.jpg");
  Write("source/wave/00002.jpg");
  const auto pictures = List();
  EXPECT_EQ(pictures.exit_status, kExitInput);
  EXPECT_THAT(pictures.err, AllOf(HasSubstr("2 .jpg"), HasSubstr("videos themselves are wanted"),
                                  Not(HasSubstr("--extensions jpg"))));
  fs::remove_all(folder_ / "source/wave");
  Write("source/wave.zip");
  EXPECT_THAT(List().err, HasSubstr("unpack .zip"));
}

// If a tool opened a pipe without a writer, it would wait for ever.
TEST_F(ListOddFolders, APipeIsNotOpenedNorListed) {
  Write("source/wave/a.mp4");
  ASSERT_EQ(mkfifo((folder_ / "source/wave/b.mkv").c_str(), 0600), 0);
  const auto result = List();
  EXPECT_EQ(result.exit_status, kExitDone);
  EXPECT_THAT(Ids(), ElementsAre("a"));
  EXPECT_THAT(result.err, HasSubstr("source/wave/b.mkv (a pipe)"));
}

TEST_F(ListOddFolders, WhatIsHiddenIsSaid) {
  for (const char* name : {"wave/a.mp4", "wave/.mp4", "wave/..b.mp4", "wave/._c.MP4",
                           ".cache/d.mp4", "..more/e.mp4", "wave/.notes.txt"}) {
    Write(std::string("source/") + name);
  }
  const auto result = List();
  EXPECT_THAT(Ids(), ElementsAre("a"));
  for (const char* name : {"wave/.mp4", "wave/..b.mp4", "wave/._c.MP4", "/.cache", "/..more"}) {
    EXPECT_THAT(result.err, HasSubstr(name));
  }
  EXPECT_THAT(result.err, AllOf(HasSubstr("name begins with a dot"), Not(HasSubstr("notes"))));
  fs::remove(folder_ / "source/wave/a.mp4");
  const auto hidden_alone = List();
  EXPECT_EQ(hidden_alone.exit_status, kExitInput);
  EXPECT_THAT(hidden_alone.err, AllOf(HasSubstr("has no videos"),
                                      HasSubstr("passed over as hidden"), HasSubstr("wave/.mp4")));
}

// Editors and terminals show such names like other names, because some characters are invisible.
TEST_F(ListOddFolders, WhatCannotBeSeenIsShown) {
  Write("source/wave/a.mp4");
  Write("source/wa\u200Bve/b.mp4");
  Write("source/\u202Eevaw/c.mp4");
  Write("source/\u0085x/d.mp4");
  Write("source/\uFEFFwave/e.mp4");
  Write("source/\uFEFF/f.mp4");
  const auto result = List();
  EXPECT_EQ(result.exit_status, kExitDone) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("'wave', 'wa\\u200Bve'. Are they one?"),
                                HasSubstr("\\u0085x' holds a control character"),
                                HasSubstr("\\uFEFF' is only a byte order mark"),
                                HasSubstr("are classes without it: wave")));
  EXPECT_THAT(result.out, HasSubstr("\n\\u202Eevaw "));
  EXPECT_THAT(Classes(), ElementsAre("wave", "wa\u200Bve", "\u202Eevaw"));
}

// The list has the same bytes, whatever the order in which the files were made.
TEST_F(ListOddFolders, TheOrderInWhichFilesWereMadeDoesNotMatter) {
  std::vector<std::string> names = {"wave/" + std::string(251, 'n') + ".mp4",
                                    "wave/Case.mp4",
                                    "wave/case.mp4",
                                    "wave/CASE.MP4",
                                    "wave/caf\u00E9.mp4",
                                    "wave/cafe\u0301.mp4",
                                    "wave/-rf.mp4",
                                    "wave/--help.mp4",
                                    "wave/ lead.mp4",
                                    "wave/trail .mp4",
                                    "wave/x..mp4",
                                    "wave/a,b.mp4",
                                    "wave/a\\b.mp4",
                                    "wave/$(x).mp4",
                                    "wave/*?.mp4",
                                    "wave/\"q\".mp4",
                                    " lead/a.mp4",
                                    "trail /a.mp4",
                                    "-dash/a.mp4",
                                    "#hash/a.mp4",
                                    "jump/case.mp4",
                                    "jump/x\ty.mp4",
                                    "jump/.h.mp4"};
  for (const std::string& name : names) {
    Write("source/" + name);
  }
  fs::create_directory_symlink("..", folder_ / "source/wave/loop");
  fs::create_symlink("self.mp4", folder_ / "source/wave/self.mp4");
  const auto first = List();
  ASSERT_EQ(first.exit_status, kExitDone) << first.err;
  EXPECT_THAT(first.err, HasSubstr("leads back to a folder above it"));
  EXPECT_EQ(Ids().size(), 22U);
  const std::string manifest = ReadFile(manifest_);
  const std::string classes = ReadFile(folder_ / "out/classes.txt");
  fs::rename(folder_ / "source", folder_ / "first");
  std::reverse(names.begin(), names.end());
  fs::create_directories(folder_ / "source/wave");
  fs::create_symlink("self.mp4", folder_ / "source/wave/self.mp4");
  for (const std::string& name : names) {
    Write("source/" + name);
  }
  const auto second =
      test::RunCommand({"env", "LC_ALL=tr_TR.UTF-8", test::ToolPath("list-videos").string(),
                        "--overwrite", (folder_ / "source").string() + "///", manifest_});
  ASSERT_EQ(second.exit_status, kExitDone) << second.err;
  EXPECT_EQ(ReadFile(manifest_), manifest);
  EXPECT_EQ(ReadFile(folder_ / "out/classes.txt"), classes);
}

TEST_F(ListOddFolders, AFolderTooHighIsWarnedOf) {
  Write("source/UCF-101/wave/a.mp4");
  Write("source/UCF-101/jump/b.mp4");
  const auto result = List();
  EXPECT_EQ(result.exit_status, kExitDone);
  EXPECT_THAT(result.err, AllOf(HasSubstr("all videos are of one class, UCF-101"),
                                HasSubstr("if the folders in UCF-101 are the classes")));
}

TEST_F(ListOddFolders, OneNameInTwoUnicodeFormsIsOneClass) {
  Write("source/caf\xC3\xA9/a.mp4");
  Write("source/cafe\xCC\x81/b.mp4");
  Write("source/high jump/c.mp4");
  Write("source/High_Jump/d.mp4");
  const auto result = List();
  EXPECT_THAT(Classes(), ElementsAre("High_Jump", "caf\xC3\xA9", "high jump"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("are one class: caf\xC3\xA9"),
                                HasSubstr("'High_Jump', 'high jump'. Are they one?")));
  for (const VideoRow& row : ReadManifest(manifest_).videos) {
    EXPECT_TRUE(fs::exists(folder_ / "out" / row.path)) << row.path;
  }
}

// If a class had the name as stored, it would change when a folder with the other form is added.
TEST_F(ListOddFolders, AClassHasTheComposedNameWhicheverFormItsFolderHas) {
  Write("source/cafe\xCC\x81/b.mp4");
  Write("source/walk/c.mp4");
  const auto result = List();
  EXPECT_THAT(Classes(), ElementsAre("caf\xC3\xA9", "walk"));
  EXPECT_THAT(result.err, Not(HasSubstr("are one class")));
  EXPECT_TRUE(fs::exists(folder_ / "out" / ReadManifest(manifest_).videos.front().path));
}

// A user's folder of videos may hold files that have the names of our files.
TEST_F(ListOddFolders, FilesThatAreOnlyCalledLikeOursMakeNoToolsFolder) {
  const std::vector<std::pair<std::string, std::string>> reports = {
      {"other", "{\"tool\": \"lawn-mower\"}"},
      {"number", "{\"tool\": 7}"},
      {"text", "no JSON"},
      {"deep", std::string(500'000, '[')},
      {"deeper",
       R"({"a": )" + std::string(500'000, '[') + std::string(500'000, ']') + R"(, "tool": "x"})"},
      {"huge", "{\"tool\": \"prep-videos\"," + std::string(2 << 20, ' ') + "\"a\": 1}"},
  };
  for (const auto& [name, report] : reports) {
    Write("source/" + name + "/a.mp4");
    Write("source/" + name + "/settings.ini", "speed = 3\n");
    Write("source/" + name + "/report.json", report);
  }
  Write("source/pipe/a.mp4");
  Write("source/pipe/settings.ini", "speed = 3\n");
  ASSERT_EQ(mkfifo((folder_ / "source/pipe/report.json").c_str(), 0600), 0);
  Write("source/folder/report.json/a.mp4");
  Write("source/folder/settings.ini", "speed = 3\n");
  Write("source/folders/a.mp4");
  Write("source/folders/settings.ini/b.mp4");
  Write("source/folders/config.ini/c.mp4");
  Write("source/theirs/a.mp4");
  Write("source/theirs/settings.ini", "speed = 3\n");
  Write("source/theirs/config.ini", "# their program\nspeed = 4\n");
  Write("source/empty/a.mp4");
  Write("source/empty/settings.ini");
  std::ofstream(folder_ / "source/empty/settings.ini") << "";
  Write("source/empty/config.ini", "# their program\nspeed = 4\n");
  const auto result = List();
  EXPECT_EQ(result.exit_status, kExitDone) << result.err;
  EXPECT_THAT(Classes(), ElementsAre("deep", "deeper", "empty", "folder", "folders", "huge",
                                     "number", "other", "pipe", "text", "theirs"));
}

TEST_F(ListOddFolders, AnUnfinishedStageIsPassedOver) {
  Write("source/walk/a.mp4");
  Write("source/begun/a.mp4");
  Write("source/begun/settings.ini", "height = 360\n");
  Write("source/begun/config.ini", "# height of the frames\nheight = 360\n# of it\nthreads = 2\n");
  const auto result = List();
  EXPECT_THAT(Classes(), ElementsAre("walk"));
  EXPECT_THAT(result.err, HasSubstr("source/begun (a tool that has not finished)"));
}

// The folder of a stage is not a class, and prepared videos in other folders are not listed.
TEST_F(ListOddFolders, TheToolsOwnOutputIsNoClass) {
  const std::string demo = (folder_ / "source").string();
  const auto made = test::RunCommand(
      {test::ToolPath("make-demo-videos").string(), "--videos-per-class", "1", demo});
  ASSERT_EQ(made.exit_status, 0) << made.err;
  const auto before = List();
  ASSERT_EQ(before.exit_status, 0) << before.err;
  const std::vector<std::string> ids = Ids();
  const std::string prepared = demo + "/prepared";
  const auto prep = test::RunCommand(
      {test::ToolPath("prep-videos").string(), "--height", "32", manifest_, prepared});
  ASSERT_EQ(prep.exit_status, 0) << prep.err;
  const auto after = List();
  EXPECT_EQ(Ids(), ids);
  EXPECT_THAT(after.err, AllOf(HasSubstr("made by reel3d's own tools"), HasSubstr("prepared")));
  // Prepared videos are recognised in other folders too.
  fs::rename(prepared + "/" + ids.front() + ".mkv", demo + "/copy.mkv");
  fs::remove_all(prepared);
  EXPECT_THAT(List().err, HasSubstr("1 prepared videos"));
  EXPECT_EQ(Ids(), ids);
}

TEST_F(ListOddFolders, TheSameContentOnBothSidesIsWarnedOf) {
  const std::string content(100'000, 'x');
  Write("source/wave/anna_1.mp4", content);
  Write("source/wave/ben_copy.mp4", content);
  Write("source/wave/ben_other.mp4", std::string(99'999, 'x') + "y");
  Write("source/wave/anna_2.mp4");
  const std::vector<std::string> split = {"--group-regex", "(anna|ben)_", "--validation-groups",
                                          "ben"};
  const auto result = List(split);
  EXPECT_EQ(result.exit_status, kExitDone);
  EXPECT_THAT(result.err,
              HasSubstr("1 of the videos held out have the content of training videos"));
  EXPECT_THAT(result.err, HasSubstr("wave/ben_copy.mp4 = wave/anna_1.mp4"));
  fs::remove(folder_ / "source/wave/ben_copy.mp4");
  EXPECT_THAT(List(split).err, Not(HasSubstr("content of training videos")));
}

TEST_F(ListOddFolders, AClassThatIsHeldOutWholeIsWarnedOf) {
  Write("source/jump/anna_1.mp4");
  Write("source/wave/anna_2.mp4");
  Write("source/wave/ben_1.mp4");
  Write("source/run/ben_2.mp4");
  const auto result = List({"--group-regex", "(anna|ben)_", "--validation-groups", "ben"});
  EXPECT_THAT(result.err, AllOf(HasSubstr("every video is held out of run: judged"),
                                HasSubstr("no video is held out of jump: trained")));
  // Each class is mentioned only once.
  for (const char* name : {" run", " jump"}) {
    EXPECT_EQ(result.err.find(name), result.err.rfind(name)) << result.err;
  }
}

}  // namespace
}  // namespace reel3d
