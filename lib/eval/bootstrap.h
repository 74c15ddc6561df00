// Estimates by the bootstrap (Efron 1979) how much figures would vary with another draw of videos.
// Videos are drawn one by one, or in groups if videos of one group (a person, a source) are
// similar. Single draws of similar videos would give intervals that are too narrow.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace reel3d {

struct Resampling {
  uint64_t seed = 0;  // the same seed gives the same samples, on every machine
  int num_resamples = 1000;
  int threads = 1;  // 0: one per available core; the samples do not depend on it
};

// Counts how often each video was drawn in a resample. If there are missing videos, one more number
// says how many draws were of them.
using Draws = std::vector<uint32_t>;
// Computes figures of a resample, always the same number of them. Several threads call it at once
// if Resampling::threads allows it.
using FiguresOfDraws = std::function<std::vector<double>(const Draws&)>;

// Returns the values of each figure over the resamples, rising: see PercentileInterval(). Each
// resample draws as many groups as there are, with replacement, and all videos of a drawn group.
// `groups` has the group of each video as a number from 0 without gaps. `num_missing` further
// videos are each a group of their own. Only the number of their draws is needed. If there are
// more than a million, it is drawn from its binomial distribution, so a file that states a huge
// number of videos costs no time.
std::vector<std::vector<double>> BootstrapValues(const std::vector<int>& groups,
                                                 const Resampling& resampling,
                                                 const FiguresOfDraws& figures,
                                                 int64_t num_missing = 0);

// Numbers the groups by name, in the order of their first videos. Without names (an empty list)
// each of the `num_videos` videos is a group of its own.
std::vector<int> NumberGroups(const std::vector<std::string>& names, size_t num_videos);

}  // namespace reel3d
