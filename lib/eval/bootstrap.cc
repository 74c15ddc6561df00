// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/parallel.h"
#include "lib/base/rng.h"

namespace reel3d {

namespace {

// Returns how many of `total` draws hit, each with the chance share / total. Skips from hit to hit,
// so it takes about `share` steps.
int64_t DrawHits(int64_t share, int64_t total, Rng* rng) {
  const double log_miss = std::log1p(-static_cast<double>(share) / static_cast<double>(total));
  int64_t hits = 0;
  for (double place = 0;; ++hits) {
    place += 1 + std::floor(std::log1p(-rng->Uniform()) / log_miss);  // of the next hit, from 1
    if (!(place <= static_cast<double>(total))) {
      return hits;
    }
  }
}

// More missing videos than this are not drawn one by one.
constexpr int64_t kMostDrawnSingly = 1'000'000;

// Draws as many groups as there are groups and missing videos, and counts in `of_groups` the draws
// of each group. Returns the number of draws of missing videos.
int64_t DrawGroups(int64_t num_missing, Rng* rng, Draws* of_groups) {
  const auto num_groups = static_cast<int64_t>(of_groups->size());
  const int64_t total = num_groups + num_missing;
  if (num_missing > kMostDrawnSingly) {
    const int64_t hits = num_groups == 0 ? 0 : DrawHits(num_groups, total, rng);
    for (int64_t draw = 0; draw < hits; ++draw) {
      ++(*of_groups)[static_cast<size_t>(rng->Below(num_groups))];
    }
    return total - hits;
  }
  int64_t missing_draws = 0;
  for (int64_t draw = 0; draw < total; ++draw) {
    const int64_t group = rng->Below(total);
    if (group < num_groups) {
      ++(*of_groups)[static_cast<size_t>(group)];
    } else {
      ++missing_draws;
    }
  }
  return missing_draws;
}

// Draws groups with replacement, as many as there are groups and missing videos, and counts their
// videos.
Draws DrawVideos(const std::vector<int>& groups, int num_groups, int64_t num_missing, Rng rng) {
  Draws of_groups(static_cast<size_t>(num_groups));
  const int64_t missing_draws = DrawGroups(num_missing, &rng, &of_groups);
  Draws draws(groups.size());
  for (size_t video = 0; video < groups.size(); ++video) {
    draws[video] = of_groups[static_cast<size_t>(groups[video])];
  }
  if (num_missing > 0) {
    draws.push_back(static_cast<uint32_t>(missing_draws));
  }
  return draws;
}

}  // namespace

std::vector<std::vector<double>> BootstrapValues(const std::vector<int>& groups,
                                                 const Resampling& resampling,
                                                 const FiguresOfDraws& figures,
                                                 int64_t num_missing) {
  REEL3D_CHECK(num_missing >= 0 && num_missing <= UINT32_MAX);
  if (groups.empty() && num_missing == 0) {
    return {};
  }
  const int num_groups = groups.empty() ? 0 : *std::max_element(groups.begin(), groups.end()) + 1;
  const auto num_resamples = static_cast<size_t>(resampling.num_resamples);
  std::vector<std::vector<double>> found(num_resamples);
  ParallelFor(num_resamples, ThreadCount(resampling.threads), [&](size_t resample) {
    found[resample] =
        figures(DrawVideos(groups, num_groups, num_missing, Rng(resampling.seed, resample)));
  });
  std::vector<std::vector<double>> values(found.empty() ? 0 : found.front().size());
  for (size_t figure = 0; figure < values.size(); ++figure) {
    for (const std::vector<double>& of_resample : found) {
      values[figure].push_back(of_resample[figure]);
    }
    std::sort(values[figure].begin(), values[figure].end());
  }
  return values;
}

std::vector<int> NumberGroups(const std::vector<std::string>& names, size_t num_videos) {
  std::vector<int> numbers(num_videos);
  if (names.empty()) {
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  }
  REEL3D_CHECK(names.size() == num_videos);
  std::map<std::string, int> number_of_name;
  for (size_t video = 0; video < num_videos; ++video) {
    const auto next = static_cast<int>(number_of_name.size());
    numbers[video] = number_of_name.emplace(names[video], next).first->second;
  }
  return numbers;
}

}  // namespace reel3d
