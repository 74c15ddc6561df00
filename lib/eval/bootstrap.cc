// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/bootstrap.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "lib/base/error.h"
#include "lib/base/rng.h"

namespace reel3d {

std::vector<std::vector<double>> BootstrapValues(const std::vector<int>& groups,
                                                 const Resampling& resampling,
                                                 const FiguresOfDraws& figures) {
  std::vector<std::vector<double>> values;
  if (groups.empty()) {
    return values;
  }
  const int num_groups = *std::max_element(groups.begin(), groups.end()) + 1;
  Draws draws_of_group(static_cast<size_t>(num_groups));
  Draws draws(groups.size());
  for (int resample = 0; resample < resampling.num_resamples; ++resample) {
    Rng rng(resampling.seed, static_cast<uint64_t>(resample));
    std::fill(draws_of_group.begin(), draws_of_group.end(), 0);
    for (int draw = 0; draw < num_groups; ++draw) {
      ++draws_of_group[static_cast<size_t>(rng.Below(num_groups))];
    }
    for (size_t video = 0; video < groups.size(); ++video) {
      draws[video] = draws_of_group[static_cast<size_t>(groups[video])];
    }
    const std::vector<double> found = figures(draws);
    values.resize(found.size());
    for (size_t figure = 0; figure < found.size(); ++figure) {
      values[figure].push_back(found[figure]);
    }
  }
  for (std::vector<double>& of_figure : values) {
    std::sort(of_figure.begin(), of_figure.end());
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
