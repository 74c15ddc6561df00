// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/prepared_facts.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/cli/tool.h"
#include "pipeline/support/preparation_options.h"
#include "pipeline/support/stage_files.h"

namespace reel3d {
namespace {

// The settings of prep-videos that decide what it writes.
struct PreparedSettings {
  PreparationOptions preparation;
  bool allow_truncated = false;

  void Bind(OptionBinder& binder) {
    preparation.Bind(binder);
    binder.Bind("allow-truncated", &allow_truncated, "");
  }
};

}  // namespace

std::optional<FrameFacts> FactsOfPrepared(const std::filesystem::path& prepared_dir) {
  const std::filesystem::path file = prepared_dir / kSettingsFile;
  if (!std::filesystem::exists(file)) {
    return std::nullopt;
  }
  PreparedSettings settings;
  try {
    ReadConfigFile([&](OptionBinder& binder) { settings.Bind(binder); }, file);
    settings.preparation.Check();
  } catch (const Error& error) {
    LogWarn(fmt::format(
        "{}: how its frames were prepared is not known, so score-videos will not compare them with "
        "those of a training: {}",
        prepared_dir.string(), error.what()));
    return std::nullopt;
  }
  return settings.preparation.Facts();
}

}  // namespace reel3d
