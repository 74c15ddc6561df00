// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/bootstrap.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/parallel.h"
#include "lib/base/rng.h"

namespace reel3d {

namespace {

// Draws groups with replacement, as many as there are, and counts their videos.
Draws DrawVideos(const std::vector<int>& groups, int num_groups, Rng rng) {
  Draws of_groups(static_cast<size_t>(num_groups));
  for (int draw = 0; draw < num_groups; ++draw) {
    ++of_groups[static_cast<size_t>(rng.Below(num_groups))];
  }
  Draws draws(groups.size());
  for (size_t video = 0; video < groups.size(); ++video) {
    draws[video] = of_groups[static_cast<size_t>(groups[video])];
  }
  return draws;
}

}  // namespace

std::vector<std::vector<double>> BootstrapValues(const std::vector<int>& groups,
                                                 const Resampling& resampling,
                                                 const FiguresOfDraws& figures) {
  if (groups.empty()) {
    return {};
  }
  const int num_groups = *std::max_element(groups.begin(), groups.end()) + 1;
  const auto num_resamples = static_cast<size_t>(resampling.num_resamples);
  std::vector<std::vector<double>> found(num_resamples);
  ParallelFor(num_resamples, ThreadCount(resampling.threads), [&](size_t resample) {
    found[resample] = figures(DrawVideos(groups, num_groups, Rng(resampling.seed, resample)));
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
