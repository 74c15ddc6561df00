// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/judged_video.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "lib/base/error.h"

namespace reel3d {

VideoPart PartOf(const VideoRow& row) {
  VideoPart part;
  part.begin_s = row.begin_s.value_or(part.begin_s);
  part.end_s = row.end_s.value_or(part.end_s);
  return part;
}

bool IsSureTogether(const PreparedPart& prepared) {
  const DecodeSummary& summary = prepared.summary;
  return prepared.fault.empty() && !summary.truncated && summary.problem.empty() &&
         summary.notes.empty();
}

std::string Judge(const DecodeSummary& summary, bool allow_truncated) {
  std::vector<std::string> words;
  if (summary.truncated) {
    words.push_back(fmt::format("truncated: {} of about {} frames decoded", summary.num_frames,
                                summary.expected_frames));
  }
  if (!summary.problem.empty()) {
    words.push_back((summary.truncated ? "" : "damaged in places, prepared all the same: ") +
                    summary.problem);
  }
  words.insert(words.end(), summary.notes.begin(), summary.notes.end());
  const std::string text = fmt::format("{}", fmt::join(words, "; "));
  if (summary.truncated && !allow_truncated) {
    throw InputError(text + "; --allow-truncated keeps them");
  }
  return text;
}

}  // namespace reel3d
