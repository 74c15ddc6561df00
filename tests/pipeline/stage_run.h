// Makes the StageRun of a stage, for tests of output folders.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "pipeline/support/stage_output.h"

namespace reel3d::test {

// Returns a run of prep-videos in `folder`. `settings` are also the defaults.
inline StageRun RunIn(const std::filesystem::path& folder, const std::string& settings,
                      bool overwrite = false) {
  return {folder,
          "prep-videos",
          {"# as FormatConfig writes it\n" + settings, settings, settings},
          {},
          overwrite};
}

}  // namespace reel3d::test
