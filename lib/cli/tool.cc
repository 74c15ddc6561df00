// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/cli/config_file.h"
#include "lib/cli/option_table.h"
#include "lib/cli/version.h"

namespace reel3d {
namespace po = boost::program_options;
namespace {

// What Boost files the words that are no options under.
constexpr const char* kArguments = " arguments";

// What every tool takes besides its own options.
struct CommonOptions {
  bool help = false, version = false, print_config = false, json = false;
  std::string config;
  std::string log_level = "info";

  void Bind(OptionBinder& binder) {
    binder.Bind("help", &help, "print this and exit", Effect::kRunOnly);
    binder.Bind("version", &version, "print versions, also of linked libraries, and exit",
                Effect::kRunOnly);
    binder.Bind("config", &config, "settings to read before the command line's own (.ini)",
                Effect::kRunOnly);
    binder.Bind("print-config", &print_config,
                "print the settings in force, to the last default, and exit", Effect::kRunOnly);
    binder.Bind("json", &json, "print one JSON object instead of text", Effect::kRunOnly);
    binder.Choice("log-level", &log_level, {"debug", "info", "warn", "error"},
                  "the least important log line to print", Effect::kRunOnly);
  }
};

struct CommandLine {
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::string> positionals;
};

// Splits `--name=value` of switches off, which Boost takes for a mistake.
std::vector<std::string> TakeSwitchValues(const OptionTable& table, int argc, char** argv,
                                          CommandLine* line) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--") {
      words.insert(words.end(), argv + i, argv + argc);
      break;
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const OptionEntry* entry = name.compare(0, 2, "--") == 0 ? table.Find(name.substr(2)) : nullptr;
    if (entry != nullptr && entry->is_switch) {
      line->options.emplace_back(entry->name,
                                 equals == std::string::npos ? "true" : word.substr(equals + 1));
    } else {
      words.push_back(word);
    }
  }
  return words;
}

CommandLine ParseCommandLine(const OptionTable& table, int argc, char** argv) {
  CommandLine line;
  const std::vector<std::string> words = TakeSwitchValues(table, argc, argv, &line);
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
    const std::string note = option.is_switch ? (value == "true" ? " [on" + off + "]" : "")
                             : value.empty()  ? ""
                                              : " [" + value + "]";
    const std::string accepts = option.accepts.empty() ? "" : " (" + option.accepts + ")";
    text += fmt::format("  --{}{}\n        {}{}\n", option.name, option.is_switch ? "" : " VALUE",
                        option.help, accepts + note);
  }
  return text;
}

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// A full disk under stdout shows only when it is closed.
int CloseOutput(const ToolInfo& info, int status) {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "%s: cannot write to standard output: %s\n", info.name.c_str(),
                 std::strerror(errno));
    return status == kExitDone ? kExitEnvironment : status;
  }
  return status;
}

class ToolRun {
 public:
  ToolRun(const ToolInfo& info, const BindFunction& bind) : info_(info) {
    bind(table_);
    common_.Bind(table_);
  }

  // True if there is something to run.
  bool Configure(int argc, char** argv, const std::function<void()>& check,
                 const BindFunction& bind) {
    const CommandLine line = ParseCommandLine(table_, argc, argv);
    Apply(line);
    if (common_.help) {
      Print(HelpText(info_, table_));
      return false;
    }
    if (common_.version) {
      Print(info_.name + " (reel3d) " + Version() + "\n" + LinkedLibraries());
      return false;
    }
    ApplyConfigFile(line);  // and what it says of the recipe, unless the line overrules it
    ApplyRecipe(line);
    if (!common_.print_config) {
      table_.SetPositionals(line.positionals);
    }
    check();
    SetLogLevel(common_.log_level);
    if (common_.print_config) {
      Print(FormatConfig(bind));
      return false;
    }
    return true;
  }

  void Report(const ToolResult& result) const {
    if (common_.json && !result.json.is_null()) {
      Print(FormatJson(result.json) + "\n");
    } else {
      Print(result.text);
    }
  }

 private:
  void Apply(const CommandLine& line) const {
    for (const auto& [name, value] : line.options) {
      table_.Set("--", name, value);
    }
  }

  void ApplyConfigFile(const CommandLine& line) const {
    if (!common_.config.empty()) {
      ApplyConfig(table_, ReadConfigText(common_.config));
      Apply(line);
    }
  }

  // The recipe lies beneath the configuration file: read again what lies above it.
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

int Fail(const ToolInfo& info, const Failure& failure) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s: %s\n", info.name.c_str(), failure.line.c_str());
  if (failure.exit_status == kExitUsage) {
    std::fprintf(stderr, "%s: --help lists the options\n", info.name.c_str());
  }
  return failure.exit_status;
}

}  // namespace

int RunTool(const ToolInfo& info, int argc, char** argv, const BindFunction& bind,
            const std::function<void()>& check, const std::function<ToolResult()>& run) {
  InitLog(info.name);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error like a full disk
  try {
    ToolRun tool(info, bind);
    if (!tool.Configure(argc, argv, check, bind)) {
      return CloseOutput(info, kExitDone);
    }
    const ToolResult result = run();
    tool.Report(result);
    return CloseOutput(info, result.exit_status);
  } catch (const std::exception& error) {
    return Fail(info, DescribeFailure(error));
  }
}

}  // namespace reel3d
