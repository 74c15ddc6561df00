// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/base/launched_rank.h"
#include "lib/base/log.h"
#include "lib/base/stop_signal.h"
#include "lib/base/timer.h"
#include "lib/base/versions.h"
#include "lib/base/visible_text.h"
#include "lib/cli/config_file.h"
#include "lib/cli/first_on_host.h"
#include "lib/cli/option_table.h"

namespace reel3d {
namespace po = boost::program_options;
namespace {

// Boost collects the words that are not options under this name.
constexpr const char* kArguments = " arguments";

// The options that every tool takes besides its own.
struct CommonOptions {
  bool help = false, version = false, print_config = false, json = false;
  std::string config;
  std::string log_level = "info";

  void Bind(OptionBinder& binder) {
    binder.Bind("help", &help, "print this and exit", Effect::kRunOnly);
    binder.Bind("version", &version, "print versions, also of linked libraries, and exit",
                Effect::kRunOnly);
    binder.Bind("config", &config,
                "file of settings (.ini); the command line overrules the file. Empty: none",
                Effect::kRunOnly);
    binder.Bind("print-config", &print_config,
                "print all settings of this run, defaults included, and exit", Effect::kRunOnly);
    binder.Bind("json", &json, "print one JSON object instead of text", Effect::kRunOnly);
    binder.Choice("log-level", &log_level, {"debug", "info", "warn", "error"},
                  "the least important log line to print", Effect::kRunOnly);
  }
};

struct CommandLine {
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::string> positionals;
};

// Returns `word`, or --help for -h. Throws a usage error on other words that begin with one dash,
// since files with such names are given as ./-name. A dash alone is allowed. For tools that take a
// command, every other word is returned: the caller reports options that stand too early.
std::string WithTwoDashes(const ToolInfo& info, const OptionTable& table, const std::string& word) {
  if (word == "-h") {
    return "--help";
  }
  if (word.size() < 2 || word[0] != '-' || word[1] == '-' || info.takes_command) {
    return word;
  }
  const std::string meant = table.NearestName(word.substr(1, word.find('=') - 1));
  throw UsageError(fmt::format("{}: options begin with two dashes{}", word,
                               meant.empty() ? "" : "; did you mean --" + meant + "?"));
}

// Returns the words for Boost. Switches are taken out, since Boost refuses `--switch=value`. A
// command is put behind "--", so that Boost leaves the command's options alone.
std::vector<std::string> TakeSwitches(const ToolInfo& info, const OptionTable& table, int argc,
                                      char** argv, CommandLine* line) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = WithTwoDashes(info, table, argv[i]);
    const bool begins_command = info.takes_command && (word.empty() || word.front() != '-');
    if (word == "--" || begins_command) {
      words.emplace_back("--");
      words.insert(words.end(), argv + (begins_command ? i : i + 1), argv + argc);
      break;
    }
    if (info.takes_command && word.compare(0, 2, "--") != 0) {
      throw UsageError(word + ": no such option of " + info.name +
                       "; the program to start comes first, such as mpirun");
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const OptionEntry* entry = name.compare(0, 2, "--") == 0 ? table.Find(name.substr(2)) : nullptr;
    if (entry != nullptr && entry->is_switch) {
      line->options.emplace_back(entry->name,
                                 equals == std::string::npos ? "true" : word.substr(equals + 1));
    } else {
      words.push_back(word);
      const bool has_value_behind = entry != nullptr && equals == std::string::npos;
      if (has_value_behind && i + 1 < argc) {
        words.emplace_back(argv[++i]);
      }
    }
  }
  return words;
}

CommandLine ParseCommandLine(const ToolInfo& info, const OptionTable& table, int argc,
                             char** argv) {
  CommandLine line;
  const std::vector<std::string> words = TakeSwitches(info, table, argc, argv, &line);
  po::options_description description;
  description.add_options()(kArguments, po::value<std::vector<std::string>>());
  for (const OptionEntry& option : table.options()) {
    description.add_options()(option.name.c_str(), po::value<std::string>());
  }
  po::positional_options_description positions;
  positions.add(kArguments, -1);
  try {
    namespace style = po::command_line_style;
    const po::parsed_options parsed =
        po::command_line_parser(words)
            .options(description)
            .positional(positions)
            .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
            .allow_unregistered()
            .run();
    for (const po::option& option : parsed.options) {
      if (option.string_key == kArguments) {
        line.positionals.push_back(option.value.front());
      } else if (option.unregistered) {
        const std::string word = option.original_tokens.front();
        const std::string name = word.substr(0, word.find('='));
        table.Set("--", name.substr(std::min(name.find_first_not_of('-'), name.size())), "");
      } else if (option.value.empty()) {
        throw UsageError("--" + option.string_key + " needs a value");
      } else {
        line.options.emplace_back(option.string_key, option.value.front());
      }
    }
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
  return line;
}

std::string UsageLine(const ToolInfo& info, const OptionTable& table) {
  std::string line = "usage: " + info.name + " [options]";
  for (const PositionalEntry& entry : table.positionals()) {
    line += " " + entry.name + (entry.values != nullptr ? "..." : "");
  }
  return line + "\n";
}

std::string HelpText(const ToolInfo& info, const OptionTable& table) {
  std::string text = UsageLine(info, table) + "\n" + info.summary + "\n";
  if (!info.details.empty()) {
    text += "\n" + info.details + "\n";
  }
  text += '\n';
  for (const PositionalEntry& entry : table.positionals()) {
    text += fmt::format("  {:<14} {}\n", entry.name, entry.help);
  }
  text += "\noptions (defaults in brackets):\n";
  for (const OptionEntry& option : table.options()) {
    const std::string value = option.show();
    const std::string off = "; --" + option.name + "=false turns it off";
    // The value of --help itself is true while this text is made, but its default is false.
    const bool has_default = !option.is_for_command_line && !value.empty();
    const std::string note = !has_default        ? ""
                             : !option.is_switch ? " [" + value + "]"
                             : value == "true"   ? " [on" + off + "]"
                                                 : "";
    const std::string accepts = option.accepts.empty() ? "" : " (" + option.accepts + ")";
    text += fmt::format("  --{}{}\n        {}{}\n", option.name, option.is_switch ? "" : " VALUE",
                        option.help, accepts + note);
  }
  return text;
}

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// Only this flush shows that the disk under stdout is full.
int CloseOutput(const ToolInfo& info, int status) {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "%s: cannot write to standard output: %s\n", info.name.c_str(),
                 std::strerror(errno));
    return status == kExitDone ? kExitEnvironment : status;
  }
  return status;
}

// Returns true if rank 0 prints help and errors of the command line for this rank.
bool LeavesWordsToRank0(const ToolInfo& info) {
  return info.is_parallel && LaunchedRank().value_or(0) > 0;
}

class ToolRun {
 public:
  ToolRun(const ToolInfo& info, const BindFunction& bind) : info_(info) {
    bind(table_);
    common_.Bind(table_);
    for (const char* name : {"help", "version", "config"}) {
      table_.KeepToCommandLine(name);
    }
  }

  // Reads all options. Returns false if the tool only prints help, versions or settings.
  bool Configure(int argc, char** argv, const std::function<void()>& check,
                 const BindFunction& bind) {
    const CommandLine line = ParseCommandLine(info_, table_, argc, argv);
    Apply(line);
    if (common_.help) {
      Tell(HelpText(info_, table_));
      return false;
    }
    if (common_.version) {
      Tell(info_.name + " (reel3d) " + Version() + "\n" + LinkedLibraries());
      return false;
    }
    ApplyConfigFile(line);  // the file may name a recipe; the command line overrules the file
    ApplyRecipe(line);
    if (!common_.print_config) {
      table_.SetPositionals(line.positionals, info_.takes_command);
    }
    check();
    SetLogLevel(common_.log_level);
    if (common_.print_config) {
      Tell(FormatConfig(bind));
      return false;
    }
    return true;
  }

  void Report(const ToolResult& result) const {
    if (common_.json && !result.json.is_null()) {
      Print(FormatJson(result.json) + "\n");
    } else if (result.show) {
      result.show();
    } else {
      Print(EscapedLines(result.text));
    }
  }

 private:
  void Tell(const std::string& text) const {
    if (!LeavesWordsToRank0(info_)) {
      Print(text);
    }
  }

  void Apply(const CommandLine& line) const {
    for (const auto& [name, value] : line.options) {
      table_.Set("--", name, value);
    }
  }

  void ApplyConfigFile(const CommandLine& line) const {
    const auto names_file = [](const auto& option) { return option.first == "config"; };
    if (std::count_if(line.options.begin(), line.options.end(), names_file) > 1) {
      throw UsageError("--config stands twice: only one file is read; join the files");
    }
    if (!common_.config.empty()) {
      ApplyConfig(table_, ReadConfigText(common_.config));
      Apply(line);
    }
  }

  // The configuration file and the command line overrule the recipe, so both are applied again.
  void ApplyRecipe(const CommandLine& line) const {
    for (const OptionEntry& option : table_.options()) {
      if (option.is_recipe && !option.show().empty()) {
        ApplyConfigs(table_, WithRecipes(table_, ReadConfigText(RecipeFile(option.show()))));
        ApplyConfigFile(line);
        Apply(line);
      }
    }
  }

  const ToolInfo& info_;
  OptionTable table_;
  CommonOptions common_;
};

int Fail(const ToolInfo& info, const Failure& failure, const std::string& rank = "") {
  std::fflush(stdout);
  std::fprintf(stderr, "%s: %s%s\n", info.name.c_str(), rank.c_str(), failure.line.c_str());
  if (failure.exit_status == kExitUsage) {
    std::fprintf(stderr, "%s: --help lists the options\n", info.name.c_str());
  }
  return failure.exit_status;
}

// Rank 0 holds these words from when it has read its options to its end.
constexpr const char* kRank0IsAtWork = "rank 0 has read its options";

// If all ranks have the fault, rank 0 prints it and exits, and most launchers end this rank during
// the wait (by default, srun does not). Otherwise only some ranks have the fault, such as a file
// that one node lacks. The first of these ranks on each machine prints it. On a busy machine rank 0
// may start late: if it is known to run here, the wait begins when it is at work.
int FailAfterRank0(const ToolInfo& info, const Failure& failure) {
  constexpr double kPatience_s = 5;
  // The first of them must have printed: the end of any rank may make the launcher end all.
  constexpr double kPatienceOfOthers_s = 8;
  // A script that stands between the launcher and each rank hides rank 0.
  constexpr double kMostForRank0_s = 20;
  const FirstOnHost same_fault(failure.line);
  const double patience_s = same_fault.is_first() ? kPatience_s : kPatienceOfOthers_s;
  const Stopwatch waited;
  Stopwatch clock;
  while (clock.Seconds() < patience_s) {
    if (AllLaunchedHere() && waited.Seconds() < kMostForRank0_s &&
        !FirstOnHost::HasAny(kRank0IsAtWork)) {
      clock = Stopwatch();
    }
    if (FirstStopSignal() == SIGTERM) {
      return failure.exit_status;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  if (!same_fault.is_first()) {
    return failure.exit_status;
  }
  return Fail(info, failure, fmt::format("rank {} on {}: ", *LaunchedRank(), HostName()));
}

}  // namespace

int RunTool(const ToolInfo& info, int argc, char** argv, const BindFunction& bind,
            const std::function<void()>& check, const std::function<ToolResult()>& run) {
  InitLog(info.name);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error like a full disk
  std::signal(SIGCHLD, SIG_DFL);  // ignored signals are inherited, and waitpid would then fail
  bool is_configured = false;
  try {
    ToolRun tool(info, bind);
    if (!tool.Configure(argc, argv, check, bind)) {
      return CloseOutput(info, kExitDone);
    }
    is_configured = true;
    std::optional<FirstOnHost> at_work;
    if (info.is_parallel && LaunchedRank() == 0) {
      at_work.emplace(kRank0IsAtWork);
    }
    const ToolResult result = run();
    tool.Report(result);
    return CloseOutput(info, result.exit_status);
  } catch (const std::exception& error) {
    const Failure failure = DescribeFailure(error);
    if (!is_configured && LeavesWordsToRank0(info)) {
      return FailAfterRank0(info, failure);
    }
    return Fail(info, failure);
  }
}

}  // namespace reel3d
