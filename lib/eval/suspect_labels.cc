// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/suspect_labels.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/base/parallel.h"
#include "lib/eval/accuracy.h"

namespace reel3d {
namespace {

// Returns nothing for a video without a label, and for one whose answer is its label.
std::optional<SuspectLabel> SuspectOf(const VideoScores& video, Averaging averaging) {
  const int answer = BestClass(video.scores.data(), static_cast<int>(video.scores.size()));
  if (video.label < 0 || answer == video.label) {
    return std::nullopt;
  }
  const std::vector<double> probabilities = ToProbabilities(video.scores, averaging);
  return SuspectLabel{
      video.id, video.label, answer,
      probabilities[static_cast<size_t>(answer)] - probabilities[static_cast<size_t>(video.label)]};
}

}  // namespace

std::vector<SuspectLabel> SuspectsOf(const SubsetScores& run, Averaging averaging, int threads) {
  std::vector<std::optional<SuspectLabel>> of_videos(run.videos.size());
  ParallelFor(run.videos.size(), threads,
              [&](size_t video) { of_videos[video] = SuspectOf(run.videos[video], averaging); });
  std::vector<SuspectLabel> suspects;
  for (std::optional<SuspectLabel>& suspect : of_videos) {
    if (suspect) {
      suspects.push_back(*std::move(suspect));
    }
  }
  return suspects;
}

std::vector<SuspectLabel> CommonSuspects(const std::vector<SuspectLabel>& a,
                                         const std::vector<SuspectLabel>& b) {
  std::vector<SuspectLabel> common;
  auto in_b = b.begin();
  for (const SuspectLabel& suspect : a) {
    while (in_b != b.end() && in_b->id < suspect.id) {
      ++in_b;
    }
    if (in_b != b.end() && in_b->id == suspect.id && in_b->label == suspect.label &&
        in_b->answer == suspect.answer) {
      common.push_back(suspect);
      common.back().margin = std::min(suspect.margin, in_b->margin);
    }
  }
  return common;
}

void RankSuspects(std::vector<SuspectLabel>* suspects) {
  std::sort(suspects->begin(), suspects->end(), [](const SuspectLabel& a, const SuspectLabel& b) {
    return a.margin != b.margin ? a.margin > b.margin : a.id < b.id;
  });
}

}  // namespace reel3d
