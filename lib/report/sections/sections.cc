// SPDX-License-Identifier: Apache-2.0
#include "lib/report/sections/sections.h"

namespace reel3d::report {

const std::vector<Section>& Sections() {
  static const std::vector<Section> sections = {
      {"answer", "Result", MakeAnswer},
      {"training", "Training", MakeCurves},
      {"paper", "Beside published results", MakePaperTable},
      {"confused", "What is taken for what", MakeConfusion},
      {"by_class", "Accuracy by class", MakeClasses},
      {"mistaken", "Most confident mistakes", MakeMistakes},
      {"throughput", "Speed", MakeSpeed},
      {"warnings", "Data and warnings", MakeData},
      {"settings", "Configuration", MakeConfiguration},
      {"absent", "What is missing", MakeMissing},
  };
  return sections;
}

}  // namespace reel3d::report
