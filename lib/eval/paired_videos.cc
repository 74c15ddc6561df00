// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/paired_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/parallel.h"
#include "lib/base/rng.h"
#include "lib/eval/accuracy.h"

namespace reel3d {
namespace {

int AnswerOf(const VideoScores& video) {
  return BestClass(video.scores.data(), static_cast<int>(video.scores.size()));
}

int RankOf(const VideoScores& video, int label) {
  return RankOfClass(video.scores.data(), static_cast<int>(video.scores.size()), label);
}

PairedVideo PairUp(const VideoScores& a, const VideoScores& b, Averaging averaging) {
  const int label = a.label >= 0 ? a.label : b.label;
  PairedVideo pair = {a.id, label, AnswerOf(a), AnswerOf(b), RankOf(a, label), RankOf(b, label),
                      {},   {}};
  if (pair.answer_a != pair.answer_b) {
    pair.probabilities_a = ToProbabilities(a.scores, averaging);
    pair.probabilities_b = ToProbabilities(b.scores, averaging);
  }
  return pair;
}

void RequireSameLabel(const VideoScores& a, const VideoScores& b, const SubsetScores& run,
                      const std::string& name_a, const std::string& name_b) {
  if (a.label >= 0 && b.label >= 0 && a.label != b.label) {
    throw InputError(
        fmt::format("video {} is {} in {} and {} in {}: both runs must be scored on shards with "
                    "the same labels",
                    a.id, run.classes[static_cast<size_t>(a.label)], name_a,
                    run.classes[static_cast<size_t>(b.label)], name_b));
  }
}

}  // namespace

void RequireSameClasses(const SubsetScores& a, const SubsetScores& b, const std::string& name_a,
                        const std::string& name_b) {
  if (a.classes == b.classes) {
    return;
  }
  const std::set<std::string> in_a(a.classes.begin(), a.classes.end());
  const std::set<std::string> in_b(b.classes.begin(), b.classes.end());
  if (in_a == in_b) {
    const auto [first, second] =
        std::mismatch(a.classes.begin(), a.classes.end(), b.classes.begin(), b.classes.end());
    throw InputError(fmt::format(
        "{} and {} have the same classes in another order: class {} is {} in one, {} in the other; "
        "score both on shards with the same classes.txt",
        name_a, name_b, first - a.classes.begin(), *first, *second));
  }
  for (const auto& [here, there, name, other] :
       {std::tie(in_a, in_b, name_a, name_b), std::tie(in_b, in_a, name_b, name_a)}) {
    for (const std::string& name_of_class : here) {
      if (there.count(name_of_class) == 0) {
        throw InputError(fmt::format(
            "{} has {} classes and {} has {}: {} is only in {}, so the runs cannot be compared",
            name_a, a.classes.size(), name_b, b.classes.size(), name_of_class, name));
      }
    }
  }
}

PairedVideos PairVideos(const SubsetScores& a, const SubsetScores& b, Averaging averaging,
                        const std::string& name_a, const std::string& name_b, int threads) {
  PairedVideos pairs;
  std::vector<std::pair<const VideoScores*, const VideoScores*>> labelled;
  int64_t num_common = 0;
  auto in_b = b.videos.begin();
  for (const VideoScores& video : a.videos) {
    while (in_b != b.videos.end() && in_b->id < video.id) {
      ++in_b;
    }
    if (in_b == b.videos.end() || in_b->id != video.id) {
      continue;
    }
    ++num_common;
    RequireSameLabel(video, *in_b, a, name_a, name_b);
    if (video.label >= 0 || in_b->label >= 0) {
      labelled.emplace_back(&video, &*in_b);
    }
  }
  pairs.videos.resize(labelled.size());
  ParallelFor(labelled.size(), threads, [&](size_t pair) {
    pairs.videos[pair] = PairUp(*labelled[pair].first, *labelled[pair].second, averaging);
  });
  pairs.num_only_a = static_cast<int64_t>(a.videos.size()) - num_common;
  pairs.num_only_b = static_cast<int64_t>(b.videos.size()) - num_common;
  if (pairs.videos.empty()) {
    throw InputError(
        num_common == 0
            ? fmt::format("{} ({} videos of {}) and {} ({} videos of {}) have no video in common",
                          name_a, a.videos.size(), a.subset, name_b, b.videos.size(), b.subset)
            : fmt::format("none of the {} videos that {} and {} share has a label", num_common,
                          name_a, name_b));
  }
  return pairs;
}

std::vector<int> HalvesOf(const std::vector<std::string>& names) {
  std::vector<int> halves;
  for (const std::string& name : names) {
    halves.push_back(static_cast<int>(StableHash(name) % 2));
  }
  return halves;
}

}  // namespace reel3d
