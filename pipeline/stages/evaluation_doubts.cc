// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluation_doubts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "lib/data/class_doubts.h"
#include "lib/data/manifest.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

// Returns the classes without videos in `subset` that `doubts` already reports. They need no second
// report.
std::set<std::string> SaidToBeAbsent(const std::vector<Doubt>& doubts, const std::string& subset) {
  std::set<std::string> said;
  for (const Doubt& doubt : doubts) {
    if ((doubt.kind == DoubtKind::kNeverJudged && subset == SubsetName(Subset::kValidation)) ||
        (doubt.kind == DoubtKind::kNeverTrained && subset == SubsetName(Subset::kTraining))) {
      said.insert(doubt.classes.begin(), doubt.classes.end());
    }
  }
  return said;
}

}  // namespace

std::vector<Doubt> DoubtsOfJudged(const SubsetScores& subset, const Evaluation& evaluation,
                                  const std::vector<Doubt>& said) {
  const std::vector<std::string>& classes = subset.classes;
  const std::set<std::string> absent = SaidToBeAbsent(said, subset.subset);
  std::vector<std::string> judged;
  std::vector<std::string> unjudged;
  for (size_t label = 0; label < classes.size(); ++label) {
    if (evaluation.classes[label].num_videos > 0) {
      judged.push_back(classes[label]);
    } else if (absent.count(classes[label]) == 0) {
      unjudged.push_back(classes[label]);
    }
  }
  const bool one_class = std::any_of(said.begin(), said.end(), [](const Doubt& doubt) {
    return doubt.kind == DoubtKind::kOneClass;
  });
  if (classes.size() == 1 && !one_class) {
    return ClassDoubts({{classes.front(), 0, 1}});
  }
  if (judged.size() == 1 && classes.size() > 1 && !one_class) {
    const std::string none = unjudged.empty() ? "" : "no video was judged of " + NameSome(unjudged);
    return {{DoubtKind::kOther, unjudged,
             fmt::format("all videos judged are of one class, {}: to answer it always would be "
                         "right{}{}",
                         judged.front(), none.empty() ? "" : "; ", none)}};
  }
  if (judged.size() > 1 && !unjudged.empty()) {
    return {{DoubtKind::kOther, unjudged, "no video was judged of " + NameSome(unjudged)}};
  }
  return {};
}

}  // namespace reel3d
