// SPDX-License-Identifier: Apache-2.0
#include "lib/report/sections/sections.h"

namespace reel3d::report {

const std::vector<Section>& Sections() {
  static const std::vector<Section> sections = {
      {"answer", "Result", MakeAnswer},
      {"compared_runs", "Is one run better?", MakeCompared},
      {"training", "Training", MakeCurves},
      {"paper", "Beside published results", MakePaperTable},
      {"confused", "What is taken for what", MakeConfusion},
      {"by_class", "Accuracy by class", MakeClasses},
      {"by_slice", "Accuracy by parts of the videos", MakeSlices},
      {"sureness", "Is it as right as it is sure?", MakeConfidence},
      {"windows_and_averages", "How many windows a video needs", MakeWindows},
      {"frame_order", "Does it need the order of frames?", MakeProbe},
      {"readings", "Why figures of one run differ", MakeLadder},
      {"mistaken", "Most confident mistakes and suspect labels", MakeMistakes},
      {"over_time", "Long videos over time", MakeTimelines},
      {"throughput", "Speed", MakeSpeed},
      {"wall_clock", "Where the time went", MakeGoodput},
      {"warnings", "Data and warnings", MakeData},
      {"data_passport", "Data passport", MakePassport},
      {"settings", "Configuration", MakeConfiguration},
      {"verified", "What was verified", MakeVerified},
      {"absent", "What is missing", MakeMissing},
  };
  return sections;
}

}  // namespace reel3d::report
