// SPDX-License-Identifier: Apache-2.0
#include "lib/report/sections/sections.h"

namespace reel3d::report {

Content MakeMissing(const std::vector<RunRecord>& runs) {
  Content content;
  for (const RunRecord& run : runs) {
    for (const std::string& sentence : run.missing) {
      content.AddText(run.name + ": " + sentence + ".", "warn");
    }
    if (run.missing.empty()) {
      content.AddText(run.name + ": every stage is complete, and every file could be read.");
    }
  }
  return content;
}

}  // namespace reel3d::report
