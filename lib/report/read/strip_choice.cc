// SPDX-License-Identifier: Apache-2.0
#include "lib/report/read/strip_choice.h"

#include <algorithm>
#include <map>

namespace reel3d::report {
namespace {

// Collects strips. A video that is added again keeps its first strip.
class Choice {
 public:
  explicit Choice(size_t most) : most_(most) {}

  // Adds the mistake at `place`, counted from 1, of the list whose places are in `member`.
  void Add(const Mistake& mistake, size_t Strip::*member, size_t place) {
    const auto found = places_.find(mistake.id);
    if (found != places_.end()) {
      strips_[found->second].*member = place;
    } else if (mistake.clip && strips_.size() < most_) {
      places_[mistake.id] = strips_.size();
      strips_.push_back({mistake.id, mistake.label, mistake.predicted, *mistake.clip});
      strips_.back().*member = place;
    }
  }

  std::vector<Strip> Take() { return std::move(strips_); }

 private:
  const size_t most_;
  std::vector<Strip> strips_;
  std::map<std::string, size_t> places_;  // in strips_, by id
};

}  // namespace

std::vector<Strip> ChooseStrips(const EvaluationRecord& evaluation, size_t most) {
  std::map<std::string, const Mistake*> mistakes;
  for (const Mistake& mistake : evaluation.mistakes) {
    mistakes.emplace(mistake.id, &mistake);
  }
  Choice choice(most);
  const size_t longest = std::max(evaluation.mistakes.size(), evaluation.suspects.size());
  for (size_t place = 0; place < std::min(longest, most); ++place) {
    if (place < evaluation.mistakes.size()) {
      choice.Add(evaluation.mistakes[place], &Strip::mistake_place, place + 1);
    }
    if (place < evaluation.suspects.size()) {
      const auto found = mistakes.find(evaluation.suspects[place].id);
      if (found != mistakes.end()) {
        choice.Add(*found->second, &Strip::suspect_place, place + 1);
      }
    }
  }
  return choice.Take();
}

bool AreFramesShuffled(const EvaluationRecord& evaluation) {
  const Json& metrics = evaluation.metrics;
  return metrics.contains("frames_shuffled") && metrics["frames_shuffled"] == true;
}

}  // namespace reel3d::report
