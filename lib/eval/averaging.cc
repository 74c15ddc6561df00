// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/averaging.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Replaces `scores` by the contribution of one clip. The largest logit is subtracted from every
// exponent, so that nothing overflows.
void ScoreClip(const float* logits, Averaging averaging, std::vector<double>* scores) {
  const size_t num_classes = scores->size();
  std::copy(logits, logits + num_classes, scores->begin());
  if (averaging == Averaging::kLogits) {
    return;
  }
  const double largest = *std::max_element(logits, logits + num_classes);
  double sum = 0;
  for (double& score : *scores) {
    score -= largest;
    sum += std::exp(score);
  }
  const double log_sum = std::log(sum);
  for (double& score : *scores) {
    score = averaging == Averaging::kLogSoftmax ? score - log_sum : std::exp(score) / sum;
  }
}

}  // namespace

const std::vector<std::string>& AveragingNames() {
  static const std::vector<std::string> names = {"softmax", "logits", "log-softmax", "max"};
  return names;
}

Averaging ParseAveraging(const std::string& name) {
  const std::vector<std::string>& names = AveragingNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw UsageError(
        fmt::format("no averaging is called '{}'; there are {}", name, fmt::join(names, ", ")));
  }
  return static_cast<Averaging>(found - names.begin());
}

std::vector<double> AverageClips(const std::vector<const float*>& clips, size_t num_classes,
                                 Averaging averaging) {
  REEL3D_CHECK(!clips.empty() && num_classes > 0);
  std::vector<double> video(num_classes, 0.0);
  std::vector<double> scores(num_classes);
  for (const float* clip : clips) {
    ScoreClip(clip, averaging, &scores);
    for (size_t index = 0; index < num_classes; ++index) {
      video[index] = averaging == Averaging::kMax ? std::max(video[index], scores[index])
                                                  : video[index] + scores[index];
    }
  }
  if (averaging != Averaging::kMax) {
    for (double& score : video) {
      score /= static_cast<double>(clips.size());
    }
  }
  return video;
}

std::vector<std::vector<size_t>> ClipsOfVideos(const Scores& scores, int min_distinct) {
  std::vector<std::vector<size_t>> clips(scores.videos.size());
  for (size_t clip = 0; clip < scores.clips.size(); ++clip) {
    clips[scores.clips[clip].video].push_back(clip);
  }
  for (std::vector<size_t>& of_video : clips) {
    const auto too_short = [&](size_t clip) {
      return scores.clips[clip].num_distinct < min_distinct;
    };
    if (!std::all_of(of_video.begin(), of_video.end(), too_short)) {
      of_video.erase(std::remove_if(of_video.begin(), of_video.end(), too_short), of_video.end());
    }
  }
  return clips;
}

}  // namespace reel3d
