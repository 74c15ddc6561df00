// Does the work of every tool's main: reads options, runs, reports, turns errors into an exit
// status.
//
//   int main(int argc, char** argv) {
//     reel3d::PrepOptions options;
//     return reel3d::RunTool({"prep-videos", "Resizes videos ...", "..."}, argc, argv, options,
//                            [&] { return ToResult(reel3d::RunPrep(options)); });
//   }
//
// Sources of a value, weakest first: the field's default, the recipe, --config FILE, the command
// line.
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
  // True: the tool runs as several ranks that share a command line. Rank 0 prints help and errors
  // of the command line for all. Another rank prints its error only if it is still alive 5 s later,
  // which means that rank 0 did not have this error.
  bool is_parallel = false;
  // True: the arguments are a command, like those of `env`. Options of the tool come before the
  // command's first word; everything after it belongs to the command.
  bool takes_command = false;
};

// The result of a tool. With --json the tool prints `json` to stdout, otherwise `text` (which may
// be empty). Ranks that do not report set `json` to null and leave `text` empty, and print nothing.
struct ToolResult {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  std::string text;
  int exit_status = kExitDone;
  // Set: without --json the tool calls this instead of printing `text`, for what a user sees over
  // some time.
  std::function<void()> show = {};
};

using BindFunction = std::function<void(OptionBinder&)>;

// Prints each error as one line and returns the process's exit status. `check` and `run` may throw
// anything. It is an error too if the output cannot be written (stdout is on a full disk).
int RunTool(const ToolInfo& info, int argc, char** argv, const BindFunction& bind,
            const std::function<void()>& check, const std::function<ToolResult()>& run);

template <class Options, class Run>
int RunTool(const ToolInfo& info, int argc, char** argv, Options& options, const Run& run) {
  return RunTool(
      info, argc, argv, [&](OptionBinder& binder) { options.Bind(binder); },
      [&] { options.Check(); }, run);
}

// Returns the options as an .ini file that --config reads back, each with its help as a comment.
// With `only_output` it returns just the options that can change the output, without comments, so
// equal texts mean equal outputs. Options for one run alone (Effect::kOnce) are always left out.
std::string FormatConfig(const BindFunction& bind, bool only_output = false);

template <class Options>
std::string FormatConfig(const Options& options, bool only_output = false) {
  Options copy = options;  // binding hands out addresses
  return FormatConfig(BindFunction([&](OptionBinder& binder) { copy.Bind(binder); }), only_output);
}

// Says whether a text may name a recipe by its file, or only by a name in configs/recipes.
enum class RecipeFiles { kAccepted, kRefused };

// Sets fields from text in the .ini form of FormatConfig, as --config does. If the text names a
// recipe, the recipe's values are set first. Throws usage errors that name the text as `source`:
// unknown key (with the nearest known one), bad value, value out of range, unknown recipe.
void ReadConfig(const BindFunction& bind, const std::string& text, const std::string& source,
                RecipeFiles recipe_files = RecipeFiles::kAccepted);

// Does the same for a file. Returns the files that were read: this one, its recipe, and so on.
std::vector<std::filesystem::path> ReadConfigFile(const BindFunction& bind,
                                                  const std::filesystem::path& file);

}  // namespace reel3d
