// Lists the sections of the report, in order. To add one, write its function in a file of its own
// and add its row in sections.cc (docs/develop/add_a_section_to_the_report.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/report/sections/content.h"

namespace reel3d::report {

struct Section {
  const char* id;  // lower case letters, digits, _
  const char* title;
  // Returns what the section shows of these runs. Parts that are absent get a sentence.
  Content (*make)(const std::vector<RunRecord>& runs);
};

const std::vector<Section>& Sections();

Content MakeAnswer(const std::vector<RunRecord>& runs);
Content MakeCurves(const std::vector<RunRecord>& runs);
Content MakePaperTable(const std::vector<RunRecord>& runs);
Content MakeConfusion(const std::vector<RunRecord>& runs);
Content MakeClasses(const std::vector<RunRecord>& runs);
Content MakeSlices(const std::vector<RunRecord>& runs);
Content MakeConfidence(const std::vector<RunRecord>& runs);
Content MakeLadder(const std::vector<RunRecord>& runs);
Content MakeCompared(const std::vector<RunRecord>& runs);
Content MakeWindows(const std::vector<RunRecord>& runs);
Content MakeProbe(const std::vector<RunRecord>& runs);
Content MakeMistakes(const std::vector<RunRecord>& runs);
Content MakeTimelines(const std::vector<RunRecord>& runs);
Content MakeSpeed(const std::vector<RunRecord>& runs);
Content MakeData(const std::vector<RunRecord>& runs);
Content MakePassport(const std::vector<RunRecord>& runs);
Content MakeGoodput(const std::vector<RunRecord>& runs);
Content MakeConfiguration(const std::vector<RunRecord>& runs);
Content MakeVerified(const std::vector<RunRecord>& runs);
Content MakeMissing(const std::vector<RunRecord>& runs);

}  // namespace reel3d::report
