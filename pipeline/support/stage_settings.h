// Compares the settings of a stage's run with those of an earlier run in the same folder. Options
// are added to the tools over time. A run that began before an option existed behaved as the
// option's default does, so it continues with that default.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/cli/tool.h"

namespace reel3d {

struct StageSettings {
  std::string config;    // FormatConfig(options): config.ini
  std::string output;    // FormatConfig(options, true): settings.ini
  std::string defaults;  // FormatConfig(Options(), true)
};

template <class Options>
StageSettings SettingsOf(const Options& options) {
  constexpr bool kOnlyOutput = true;
  return {FormatConfig(options), FormatConfig(options, kOnlyOutput),
          FormatConfig(Options(), kOnlyOutput)};
}

// Compares `there`, the settings.ini of an earlier run, with `now`. Returns "" if both write the
// same bytes, else the differences as "'height = 240' there, 'height = 360' now", joined by "; ".
//
// An option that only `now` has was added since: it counts as equal if its value is the default. An
// option that only `there` has counts as equal if this version records it in config.ini alone,
// because it no longer decides what is written. One that is unknown to this version differs.
std::string SettingsDifference(const std::string& there, const StageSettings& now);

}  // namespace reel3d
