// Compares the settings of a stage's run with those of an earlier run in the same folder. Options
// are added to the tools over time. A run that began before an option existed behaved as the
// option's default does, so it continues with that default.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "lib/cli/tool.h"

namespace reel3d {

struct StageSettings {
  std::string config;    // FormatConfig(options): config.ini
  std::string output;    // FormatConfig(options, true): settings.ini, below its first line
  std::string defaults;  // FormatConfig(Options(), true)
};

template <class Options>
StageSettings SettingsOf(const Options& options) {
  constexpr bool kOnlyOutput = true;
  return {FormatConfig(options), FormatConfig(options, kOnlyOutput),
          FormatConfig(Options(), kOnlyOutput)};
}

// Returns the content of settings.ini: a line with the number of settings, then `output`.
std::string FormatSettingsFile(const std::string& output);

// Returns the settings in `text`, which `file` holds, without the line that states their number.
// Throws an input error that names the lost settings if there are not as many as stated, if there
// are none, or if the last line is cut. A file of an older version states no number.
std::string ParseSettingsFile(const std::string& text, const std::filesystem::path& file,
                              const StageSettings& now);

// Compares `there`, the settings of an earlier run, with `now`. Returns "" if both write the
// same bytes, else the differences as "'height = 240' there, 'height = 360' now", joined by "; ".
//
// If only `now` has an option, `there` is older than the option or has lost it. Then the value in
// `config_there`, the config.ini beside `there`, is compared; if it is absent too, the option's
// default. If only `there` has an option, it counts as equal if this version writes it to
// config.ini only, because it no longer decides what is written. An option that this version does
// not know counts as a difference.
std::string SettingsDifference(const std::string& there, const StageSettings& now,
                               const std::string& config_there = "");

}  // namespace reel3d
