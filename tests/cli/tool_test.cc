// Tests the command line that all tools share, with a tool made for the purpose.
// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/tool.h"

#include <gtest/gtest.h>

#include <csignal>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

struct SampleOptions {
  std::string input, output;
  std::string recipe;
  int height = 360;
  double rate = 0.5;
  bool flip = false;
  std::string crop = "corner";
  std::vector<double> scales{1, 0.5};
  std::vector<std::string> groups;
  int threads = 1;
  bool overwrite = false;

  void Bind(OptionBinder& binder) {
    binder.Positional("INPUT", &input, "what to read");
    binder.Positional("OUTPUT", &output, "what to write");
    binder.Recipe("recipe", &recipe, "settings to start from");
    binder.Bind("height", &height, {2, 4096}, "pixels");
    binder.Bind("rate", &rate, {0, 1}, "share");
    binder.Bind("flip", &flip, "mirror");
    binder.Choice("crop", &crop, {"corner", "random"}, "which part");
    binder.Bind("scales", &scales, "sides");
    binder.Bind("groups", &groups, "names");
    binder.Bind("threads", &threads, {1, 64}, "threads", Effect::kRunOnly);
    binder.Bind("overwrite", &overwrite, "anew", Effect::kOnce);
  }
  void Check() const {
    if (flip && height == 13) {
      throw UsageError("--flip with --height 13: unlucky");
    }
  }
};

struct Outcome {
  int exit_status;
  std::string out, err;
  SampleOptions options;
};

Outcome RunSample(
    std::vector<std::string> words,
    const std::function<ToolResult()>& work = [] { return ToolResult{}; }) {
  words.insert(words.begin(), "sample");
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  Outcome outcome;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  outcome.exit_status = RunTool({"sample", "Tries things.", ""}, static_cast<int>(argv.size()),
                                argv.data(), outcome.options, work);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(RunTool, ReadsSettingsThatAWindowsEditorSaved) {
  const test::TemporaryFolder folder;
  const std::string file = (folder / "config.ini").string();
  WriteFileAtomically(file, "\xEF\xBB\xBFheight = 200\r\ngroups = anna,ben\r\n");
  const Outcome outcome = RunSample({"--config", file, "in", "out"});
  EXPECT_EQ(outcome.exit_status, kExitDone) << outcome.err;
  EXPECT_EQ(outcome.options.height, 200);
  EXPECT_EQ(outcome.options.groups, (std::vector<std::string>{"anna", "ben"}));
  WriteFileAtomically(file, std::string("\xFF\xFEh\0", 4));
  const Outcome refused = RunSample({"--config", file, "in", "out"});
  EXPECT_EQ(refused.exit_status, kExitUsage);
  EXPECT_NE(refused.err.find("save it as UTF-8"), std::string::npos) << refused.err;
}

TEST(RunTool, CommandLineOverConfigOverRecipeOverDefault) {
  const test::TemporaryFolder folder;
  WriteFileAtomically(folder / "recipe.ini", "height = 100\nrate = 0.1\ncrop = random\n");
  WriteFileAtomically(folder / "config.ini", "height = 200\nrate = 0.2\n");
  const Outcome outcome =
      RunSample({"--height", "300", "--recipe", (folder / "recipe.ini").string(), "--config",
                 (folder / "config.ini").string(), "in", "out"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(outcome.options.height, 300);
  EXPECT_EQ(outcome.options.rate, 0.2);
  EXPECT_EQ(outcome.options.crop, "random");
  EXPECT_EQ(outcome.options.scales, (std::vector<double>{1, 0.5}));
}

TEST(RunTool, RecipeNamedInTheConfigFile) {
  const test::TemporaryFolder folder;
  WriteFileAtomically(folder / "recipe.ini", "height = 100\nrate = 0.1\n");
  WriteFileAtomically(folder / "config.ini",
                      "rate = 0.2\nrecipe = " + (folder / "recipe.ini").string() + "\n");
  const Outcome outcome = RunSample({"--config", (folder / "config.ini").string(), "in", "out"});
  EXPECT_EQ(outcome.options.height, 100);
  EXPECT_EQ(outcome.options.rate, 0.2) << "the file lies above the recipe that it names";
}

// recipe.ini overrules base.ini, which overrules lowest.ini. Either --recipe or a file of settings
// names recipe.ini.
TEST(RunTool, ARecipeThatNamesARecipeLiesAboveIt) {
  const test::TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder / name).string(); };
  WriteFileAtomically(file("lowest.ini"), "height = 100\nrate = 0.1\ncrop = random\nflip = true\n");
  WriteFileAtomically(file("base.ini"), "rate = 0.2\nrecipe = " + file("lowest.ini") + "\n");
  WriteFileAtomically(file("recipe.ini"),
                      "recipe = " + file("base.ini") + "\ncrop = corner\nscales = 1\n");
  WriteFileAtomically(file("config.ini"), "recipe = " + file("recipe.ini") + "\nscales = 0.25\n");
  SampleOptions read;
  const auto bind = [&](OptionBinder& binder) { read.Bind(binder); };
  const auto expect = [&](const SampleOptions& options, double scale) {
    EXPECT_EQ(options.height, 100);
    EXPECT_EQ(options.rate, 0.2);
    EXPECT_EQ(options.crop, "corner");
    EXPECT_TRUE(options.flip);
    EXPECT_EQ(options.scales, (std::vector<double>{scale}));
  };
  expect(RunSample({"--recipe", file("recipe.ini"), "in", "out"}).options, 1);
  const Outcome by_config = RunSample({"--config", file("config.ini"), "in", "out"});
  expect(by_config.options, 0.25);
  EXPECT_EQ(by_config.options.recipe, file("recipe.ini"));
  ReadConfig(bind, ReadFile(file("config.ini")), "config.ini");
  expect(read, 0.25);
  read = {};
  EXPECT_EQ(ReadConfigFile(bind, file("recipe.ini")),
            (std::vector<std::filesystem::path>{file("recipe.ini"), file("base.ini"),
                                                file("lowest.ini")}));
  expect(read, 1);
  EXPECT_EQ(read.recipe, file("base.ini"));
}

// Settings in a file of weights may name a recipe that comes with reel3d, but no file.
TEST(ReadConfig, MayRefuseRecipesThatAreFiles) {
  const test::TemporaryFolder folder;
  WriteFileAtomically(folder / "recipe.ini", "height = 100\n");
  SampleOptions read;
  try {
    ReadConfig([&](OptionBinder& binder) { read.Bind(binder); },
               "recipe = " + (folder / "recipe.ini").string() + "\n", "weights.pth",
               RecipeFiles::kRefused);
    ADD_FAILURE() << "read";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("weights.pth: recipe = "), std::string::npos);
  }
  EXPECT_EQ(read.height, 360);
}

struct BadLine {
  std::vector<std::string> words;
  std::string message;  // part of the one line
};

TEST(RunTool, MistakesAreOneLineWithStatusTwo) {
  const test::TemporaryFolder folder;
  WriteFileAtomically(folder / "typo.ini", "heigth = 100\n");
  WriteFileAtomically(folder / "broken.ini", "height\n");
  const auto names = [&](const char* name, const std::string& recipe) {
    WriteFileAtomically(folder / name, "recipe = " + recipe + "\n");
    return (folder / name).string();
  };
  const std::string itself = names("itself.ini", (folder / "itself.ini").string());
  const std::string round = names("round.ini", names("about.ini", (folder / "round.ini").string()));
  const std::string unknown = names("unknown.ini", "papper");
  const std::string absent = names("absent_recipe.ini", (folder / "absent.ini").string());
  const std::string mistaken = names("mistaken.ini", (folder / "typo.ini").string());
  const std::vector<BadLine> cases = {
      {{"--heigth", "3", "in", "out"}, "--heigth: no such option; did you mean height?"},
      {{"--heigth=3", "in", "out"}, "--heigth: no such option; did you mean height?"},
      {{"--height", "3.5", "in", "out"}, "--height: '3.5' is not a whole number"},
      {{"--height", "5000", "in", "out"}, "--height: 5000 is not in 2 .. 4096"},
      {{"--height", "99999999999999999999", "in", "out"}, "--height: "},
      {{"--rate", "nan", "in", "out"}, "--rate: nan is not in 0 .. 1"},
      {{"--rate", "1.5", "in", "out"}, "--rate: 1.5 is not in 0 .. 1"},
      {{"--flip=perhaps", "in", "out"}, "--flip: 'perhaps' is neither true nor false"},
      {{"--crop", "centre", "in", "out"}, "--crop: 'centre' is none of corner, random"},
      {{"--scales", "1,,2", "in", "out"}, "--scales: '1,,2' has an empty element"},
      {{"--scales", "1,x", "in", "out"}, "--scales: 'x' is not a number"},
      {{"in"}, "OUTPUT is missing: what to write"},
      {{"in", "out", "more"}, "unexpected argument: more"},
      {{"in", "out", "--height"}, "'--height' is missing"},
      {{"--config", (folder / "typo.ini").string(), "in", "out"},
       "typo.ini: heigth: no such option; did you mean height?"},
      {{"--config", (folder / "broken.ini").string(), "in", "out"}, "broken.ini"},
      {{"--config", (folder / "absent.ini").string(), "in", "out"}, "absent.ini"},
      {{"--recipe", "papper", "in", "out"}, "no recipe is called 'papper'"},
      {{"--recipe", itself, "in", "out"}, "name each other in a circle: " + itself},
      {{"--config", itself, "in", "out"}, "name each other in a circle: " + itself},
      {{"--recipe", round, "in", "out"}, "about.ini -> " + round + "; remove one"},
      {{"--config", round, "in", "out"}, "name each other in a circle"},
      {{"--recipe", unknown, "in", "out"}, "unknown.ini: recipe = papper: no recipe is called"},
      {{"--recipe", absent, "in", "out"}, "absent_recipe.ini: recipe = "},
      {{"--recipe", mistaken, "in", "out"}, "typo.ini: heigth: no such option"},
      {{"--flip", "--height", "13", "in", "out"}, "unlucky"},
      {{"--log-level", "loud", "in", "out"}, "'loud' is none of"},
      {{"-height", "3", "in", "out"},
       "-height: options begin with two dashes; did you mean --height?"},
      {{"-heigth=3", "in", "out"}, "two dashes; did you mean --height?"},
      {{"in", "out", "-q"}, "-q: options begin with two dashes\n"},
      {{"--config", (folder / "typo.ini").string(), "--config=b.ini", "in", "out"},
       "--config stands twice: only one file is read"},
  };
  for (const BadLine& bad : cases) {
    const Outcome outcome = RunSample(bad.words);
    EXPECT_EQ(outcome.exit_status, kExitUsage) << bad.message;
    EXPECT_NE(outcome.err.find(bad.message), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("sample: "), 0U) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

// Tries each way to read settings: --config, --recipe, a recipe that a file names, a stored text.
TEST(RunTool, AFileOfSettingsLosesNothingWithoutAWord) {
  const test::TemporaryFolder folder;
  const std::vector<BadLine> cases = {
      {{"height = 100\n# pixels\nrate = 0.1\n height=200\n"},
       ": line 4: height stands in line 1 already; remove one of the two"},
      {{"height = 100\nheight = 100\n"}, ": line 2: height stands in line 1 already"},
      {{"height\n"}, ": line 1: 'height' is not of the form: key = value"},
      {{"rate = 0.1\n = 3\n"}, ": line 2: '= 3' is not of the form: key = value"},
      {{"[a]\nheight = 3\n[]\nheight = 3\n"}, ": a.height: no such option"},
      {{"recipe = a\nrecipe = b\n"}, ": line 2: recipe stands in line 1 already"}};
  SampleOptions read;
  const auto bind = [&](OptionBinder& binder) { read.Bind(binder); };
  for (const BadLine& bad : cases) {
    const std::string& text = bad.words.front();
    const std::string file = (folder / "settings.ini").string();
    WriteFileAtomically(file, text);
    WriteFileAtomically(folder / "above.ini", "recipe = " + file + "\n");
    for (const std::vector<std::string>& words : {std::vector<std::string>{"--config", file},
                                                  {"--recipe", file},
                                                  {"--config", (folder / "above.ini").string()}}) {
      std::vector<std::string> all = words;
      all.insert(all.end(), {"in", "out"});
      const Outcome outcome = RunSample(all);
      EXPECT_EQ(outcome.exit_status, kExitUsage) << words.front() << text;
      EXPECT_NE(outcome.err.find(file + bad.message), std::string::npos) << outcome.err;
    }
    for (const bool is_file : {true, false}) {
      try {
        is_file ? static_cast<void>(ReadConfigFile(bind, file)) : ReadConfig(bind, text, file);
        ADD_FAILURE() << "read: " << text;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kUsage);
        EXPECT_NE(std::string(error.what()).find(file + bad.message), std::string::npos)
            << error.what();
      }
    }
  }
}

TEST(RunTool, AFileOfSettingsHoldsNoOptionsOfTheCommandLine) {
  const test::TemporaryFolder folder;
  const std::string file = (folder / "settings.ini").string();
  for (const std::string line : {"config = other.ini", "help = true", "version = true"}) {
    const std::string name = line.substr(0, line.find(' '));
    WriteFileAtomically(file, "height = 100\n" + line + "\n");
    for (const char* option : {"--config", "--recipe"}) {
      const Outcome outcome = RunSample({option, file, "in", "out"});
      EXPECT_EQ(outcome.exit_status, kExitUsage);
      EXPECT_NE(outcome.err.find(file + ": line 2: " + name + " has no effect in a file"),
                std::string::npos)
          << outcome.err;
    }
    SampleOptions read;
    try {
      ReadConfig([&](OptionBinder& binder) { read.Bind(binder); }, line + "\n", "stored");
      ADD_FAILURE() << "read: " << line;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()), "stored: " + name + ": no such option");
    }
  }
  WriteFileAtomically(file, "json = true\nlog-level = warn\n");
  EXPECT_EQ(RunSample({"--config", file, "in", "out"}).out, "{}\n") << "these do have an effect";
}

TEST(RunTool, OneDashIsNotTwo) {
  EXPECT_EQ(RunSample({"-h"}).out, RunSample({"--help"}).out);
  const Outcome outcome = RunSample({"in", "-", "--height", "100"});
  EXPECT_EQ(outcome.options.output, "-") << outcome.err;
}

TEST(RunTool, ErrorsBecomeTheirStatus) {
  for (const ErrorKind kind :
       {ErrorKind::kFailed, ErrorKind::kInput, ErrorKind::kEnvironment, ErrorKind::kInternal}) {
    const Outcome outcome =
        RunSample({"in", "out"}, [&]() -> ToolResult { throw Error(kind, "it broke"); });
    EXPECT_EQ(outcome.exit_status, ExitStatus(kind));
    EXPECT_EQ(outcome.err, "sample: it broke\n");
  }
  EXPECT_EQ(
      RunSample({"in", "out"}, []() -> ToolResult { throw std::logic_error("x"); }).exit_status,
      kExitInternal);
  EXPECT_EQ(RunSample({"in", "out"}, []() -> ToolResult { throw std::bad_alloc(); }).exit_status,
            kExitEnvironment);
}

TEST(RunTool, TextOrOneJsonObject) {
  const auto work = [] {
    ToolResult result;
    result.json["videos"] = 3;
    result.text = "3 videos\n";
    return result;
  };
  EXPECT_EQ(RunSample({"in", "out"}, work).out, "3 videos\n");
  EXPECT_EQ(nlohmann::json::parse(RunSample({"--json", "in", "out"}, work).out)["videos"], 3);
}

// A tool may inherit an ignored SIGCHLD from a shell, and then not learn how its worker ended.
TEST(RunTool, LearnsHowItsChildrenEnd) {
  std::signal(SIGCHLD, SIG_IGN);
  const Outcome outcome = RunSample({"in", "out"}, [] {
    ToolResult result;
    result.exit_status = std::signal(SIGCHLD, SIG_DFL) == SIG_DFL ? kExitDone : kExitFailed;
    return result;
  });
  EXPECT_EQ(outcome.exit_status, kExitDone);
}

TEST(RunTool, NothingThatItPrintsCommandsATerminal) {
  const auto print = [](const std::string& text) {
    ToolResult result;
    result.text = text;
    return result;
  };
  const std::string hostile = "a\x1B[31m\tb\n";
  EXPECT_EQ(RunSample({"in", "out"}, [&] { return print(hostile); }).out, "a\\x1B[31m\tb\n");
  EXPECT_EQ(RunSample({"in", "out"}, [&]() -> ToolResult { throw InputError(hostile); }).err,
            "sample: a\\x1B[31m\tb \n");
}

TEST(RunTool, HelpNamesEveryOptionAndItsDefault) {
  const Outcome outcome = RunSample({"--help"});
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.err, "");
  for (const char* part :
       {"usage: sample [options] INPUT OUTPUT", "--height VALUE", "[360]", "(corner | random)",
        "--flip\n", "--print-config", "--help\n        print this and exit\n"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << "\n" << outcome.out;
  }
}

TEST(RunTool, PrintedConfigReadsBack) {
  const Outcome printed = RunSample({"--print-config", "--height", "128", "--flip", "--scales",
                                     "1,0.25", "--groups", "a,b", "in", "out"});
  EXPECT_EQ(printed.exit_status, 0) << printed.err;
  SampleOptions read;
  ReadConfig([&](OptionBinder& binder) { read.Bind(binder); }, printed.out, "printed");
  EXPECT_EQ(read.height, 128);
  EXPECT_TRUE(read.flip);
  EXPECT_EQ(read.scales, (std::vector<double>{1, 0.25}));
  EXPECT_EQ(read.groups, (std::vector<std::string>{"a", "b"}));
}

TEST(FormatConfig, OnlyOutputLeavesOutWhatCannotChangeTheResult) {
  SampleOptions options;
  const std::string text = FormatConfig(options, /*only_output=*/true);
  EXPECT_NE(text.find("height = 360\n"), std::string::npos);
  EXPECT_EQ(text.find("threads"), std::string::npos);
  EXPECT_EQ(text.find('#'), std::string::npos);
}

// A value that --config would read back differently becomes a comment.
TEST(FormatConfig, AValueThatAFileCannotHoldStandsInAComment) {
  SampleOptions options;
  options.groups = {"a#b"};
  const std::string text = FormatConfig(options);
  EXPECT_NE(text.find("# groups = a#b\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("\ngroups"), std::string::npos);
}

TEST(FormatConfig, WhatIsSaidForOneRunIsNotRecorded) {
  SampleOptions options;
  options.overwrite = true;
  EXPECT_EQ(FormatConfig(options).find("overwrite"), std::string::npos);
}

}  // namespace
}  // namespace reel3d
