// What every tool's main does: read options, run, report, turn errors into an exit status.
//
//   int main(int argc, char** argv) {
//     reel3d::PrepOptions options;
//     return reel3d::RunTool({"prep-videos", "Resizes videos ...", "..."}, argc, argv, options,
//                            [&] { return ToResult(reel3d::RunPrep(options)); });
//   }
//
// Values are taken from: the field's default < the recipe < --config FILE < the command line.
// Every tool has --help, --version, --config, --print-config, --json and --log-level.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/option_binder.h"

namespace reel3d {

struct ToolInfo {
  std::string name;     // "prep-videos"
  std::string summary;  // one line
  std::string details;  // paragraphs for --help: what is read, written and continued
  // The tool runs as several ranks that share a command line. Rank 0 prints help and errors of the
  // command line for all. Another rank prints its error only if it is still alive 5 s later: then
  // rank 0 did not have it.
  bool is_parallel = false;
  // The arguments are a command, as those of `env` are. Options of the tool stand before its first
  // word; what follows belongs to the command.
  bool takes_command = false;
};

// What a tool did. `json` goes to stdout with --json, else `text` (which may be empty). A null
// `json` prints nothing: of many ranks, one reports.
struct ToolResult {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  std::string text;
  int exit_status = kExitDone;
};

using BindFunction = std::function<void(OptionBinder&)>;

// Prints errors as one line each and returns the process's exit status. `check` and `run` may
// throw anything. Output that cannot be written (stdout is a full disk) is an error too.
int RunTool(const ToolInfo& info, int argc, char** argv, const BindFunction& bind,
            const std::function<void()>& check, const std::function<ToolResult()>& run);

template <class Options, class Run>
int RunTool(const ToolInfo& info, int argc, char** argv, Options& options, Run run) {
  return RunTool(
      info, argc, argv, [&](OptionBinder& binder) { options.Bind(binder); },
      [&] { options.Check(); }, run);
}

// The options as an .ini file that --config reads back, each with its help as a comment. With
// `only_output`, just those that can change what is written, without comments: equal texts mean
// equal outputs. What is said for one run alone (Effect::kOnce) is in neither.
std::string FormatConfig(const BindFunction& bind, bool only_output = false);

template <class Options>
std::string FormatConfig(const Options& options, bool only_output = false) {
  Options copy = options;  // binding hands out addresses
  return FormatConfig(BindFunction([&](OptionBinder& binder) { copy.Bind(binder); }), only_output);
}

// Whether a text may name a recipe by its file, or only one of configs/recipes by its name.
enum class RecipeFiles { kAccepted, kRefused };

// Sets fields from text in the .ini form of FormatConfig, as --config does: first those of the
// recipe that the text names, if it names one. `source` names the text in errors (all of them usage
// errors): unknown key (with the nearest known one), bad value, range, unknown recipe.
void ReadConfig(const BindFunction& bind, const std::string& text, const std::string& source,
                RecipeFiles recipe_files = RecipeFiles::kAccepted);

// The same for a file. Returns the files that were read: this one, its recipe, and so on.
std::vector<std::filesystem::path> ReadConfigFile(const BindFunction& bind,
                                                  const std::filesystem::path& file);

}  // namespace reel3d
