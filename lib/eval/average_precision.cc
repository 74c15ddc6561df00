// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/average_precision.h"

#include <algorithm>

#include "lib/base/error.h"
#include "lib/base/parallel.h"
#include "lib/eval/accuracy.h"

namespace reel3d {
namespace {

// An entry of a class's ranked list.
struct Entry {
  double score;
  size_t video;
};

bool ComesFirst(const Entry& a, const Entry& b) {
  return a.score != b.score ? a.score > b.score : a.video < b.video;
}

// Finds the places of each class's right entries ("hits") in the ranked list of the class. It
// counts the entries before each hit, because sorting complete lists would take most of the time.
class HitPlaces {
 public:
  HitPlaces(const std::vector<LabelledScores>& videos, int num_classes, int threads)
      : hits_(static_cast<size_t>(num_classes)), between_(hits_.size()) {
    for (size_t video = 0; video < videos.size(); ++video) {
      for (const int label : videos[video].labels) {
        if (videos[video].scores != nullptr) {
          hits_.at(static_cast<size_t>(label)).push_back({videos[video].scores[label], video});
        }
      }
    }
    for (size_t label = 0; label < hits_.size(); ++label) {
      std::sort(hits_[label].begin(), hits_[label].end(), ComesFirst);
      between_[label].resize(hits_[label].size() + 1);
    }
    // Blocks of classes can be counted at the same time, and their hits fit into a cache.
    constexpr size_t kBlock = 32;
    ParallelBlocks(hits_.size(), kBlock, threads,
                   [&](size_t begin, size_t end) { CountAll(videos, begin, end); });
  }

  // Returns the places of a class's right entries, from 1, rising.
  std::vector<int64_t> Of(size_t label) const {
    std::vector<int64_t> places;
    int64_t place = 0;
    for (size_t hit = 0; hit < hits_[label].size(); ++hit) {
      place += between_[label][hit];
      places.push_back(place);
    }
    return places;
  }

 private:
  // Counts the entries of the classes from `begin` to before `end`.
  void CountAll(const std::vector<LabelledScores>& videos, size_t begin, size_t end) {
    for (size_t video = 0; video < videos.size(); ++video) {
      for (size_t label = begin; videos[video].scores != nullptr && label < end; ++label) {
        Count(label, {videos[video].scores[label], video});
      }
    }
  }

  // Counts `entry` at the first hit that does not come before it; a hit counts at itself.
  void Count(size_t label, const Entry& entry) {
    const std::vector<Entry>& hits = hits_[label];
    const auto next = std::lower_bound(hits.begin(), hits.end(), entry, ComesFirst);
    ++between_[label][static_cast<size_t>(next - hits.begin())];
  }

  std::vector<std::vector<Entry>> hits_;  // by class, best first
  // By class and hit: the number of entries after the previous hit, up to and including this hit.
  std::vector<std::vector<int64_t>> between_;
};

// The rank of each label of a video; empty without scores.
using LabelRanks = std::vector<int>;

std::vector<LabelRanks> RanksOf(const std::vector<LabelledScores>& videos, int num_classes,
                                int threads) {
  std::vector<LabelRanks> ranks(videos.size());
  ParallelFor(videos.size(), threads, [&](size_t video) {
    for (const int label : videos[video].labels) {
      if (videos[video].scores != nullptr) {
        ranks[video].push_back(RankOfClass(videos[video].scores, num_classes, label));
      }
    }
  });
  return ranks;
}

HitRate MeasureHits(const std::vector<LabelledScores>& videos, const std::vector<LabelRanks>& ranks,
                    int k) {
  HitRate rate;
  rate.k = k;
  int64_t num_videos = 0;
  for (size_t video = 0; video < videos.size(); ++video) {
    if (videos[video].labels.empty()) {
      continue;
    }
    ++num_videos;
    const auto num_hits =
        std::count_if(ranks[video].begin(), ranks[video].end(), [&](int rank) { return rank < k; });
    rate.any += num_hits > 0 ? 1 : 0;
    rate.mean += static_cast<double>(num_hits) / static_cast<double>(videos[video].labels.size());
  }
  if (num_videos > 0) {
    rate.any /= static_cast<double>(num_videos);
    rate.mean /= static_cast<double>(num_videos);
  }
  return rate;
}

}  // namespace

double AveragePrecision(const std::vector<int64_t>& hit_ranks, int64_t num_right) {
  REEL3D_CHECK(num_right >= static_cast<int64_t>(hit_ranks.size()) && num_right > 0);
  double sum = 0;
  double best = 0;  // the largest precision at this hit or a later one
  for (size_t hit = hit_ranks.size(); hit > 0; --hit) {
    best = std::max(best, static_cast<double>(hit) / static_cast<double>(hit_ranks[hit - 1]));
    sum += best;
  }
  return sum / static_cast<double>(num_right);
}

RankingFigures MeasureRanking(const std::vector<LabelledScores>& videos, int num_classes,
                              int threads) {
  std::vector<int64_t> num_right(static_cast<size_t>(num_classes));
  for (const LabelledScores& video : videos) {
    for (const int label : video.labels) {
      ++num_right.at(static_cast<size_t>(label));
    }
  }
  RankingFigures figures;
  const HitPlaces places(videos, num_classes, threads);
  int num_present = 0;
  for (size_t label = 0; label < num_right.size(); ++label) {
    figures.average_precision.emplace_back();
    if (num_right[label] > 0) {
      const double precision = AveragePrecision(places.Of(label), num_right[label]);
      figures.average_precision.back() = precision;
      figures.mean_average_precision += precision;
      ++num_present;
    }
  }
  figures.mean_average_precision /= std::max(1, num_present);
  const std::vector<LabelRanks> ranks = RanksOf(videos, num_classes, threads);
  for (const int k : {1, 3, 5}) {
    figures.hit_rates.push_back(MeasureHits(videos, ranks, k));
  }
  return figures;
}

}  // namespace reel3d
