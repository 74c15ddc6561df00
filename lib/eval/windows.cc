// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/windows.h"

#include <algorithm>
#include <numeric>

namespace reel3d {
namespace {

std::vector<size_t> AllPlaces(size_t size) {
  std::vector<size_t> places(size);
  std::iota(places.begin(), places.end(), size_t{0});
  return places;
}

// Returns the places with at least `least` different frames, or all places if there are none.
std::vector<size_t> PlacesOfAtLeast(const std::vector<int>& num_distinct, int least) {
  std::vector<size_t> places;
  for (size_t place = 0; place < num_distinct.size(); ++place) {
    if (num_distinct[place] >= least) {
      places.push_back(place);
    }
  }
  return places.empty() ? AllPlaces(num_distinct.size()) : places;
}

// Cuts the places into `count` stretches of equal length and takes the middle of each.
std::vector<size_t> SpreadOver(const std::vector<size_t>& places, size_t count) {
  if (count >= places.size()) {
    return places;
  }
  std::vector<size_t> spread;
  for (size_t stretch = 0; stretch < count; ++stretch) {
    spread.push_back(places[(2 * stretch + 1) * places.size() / (2 * count)]);
  }
  return spread;
}

}  // namespace

std::vector<size_t> ChooseWindows(const std::vector<int>& num_distinct, int min_distinct,
                                  WindowChoice choice) {
  if (num_distinct.empty() || choice.windows == Windows::kAll) {
    return AllPlaces(num_distinct.size());
  }
  if (choice.windows == Windows::kNoTail) {
    return PlacesOfAtLeast(num_distinct,
                           *std::max_element(num_distinct.begin(), num_distinct.end()));
  }
  std::vector<size_t> kept = PlacesOfAtLeast(num_distinct, min_distinct);
  switch (choice.windows) {
    case Windows::kSpread:
      return SpreadOver(kept, static_cast<size_t>(std::max(1, choice.count)));
    case Windows::kFirst:
      return {kept.front()};
    case Windows::kMiddle:
      return SpreadOver(kept, 1);
    case Windows::kLast:
      return {kept.back()};
    default:
      return kept;
  }
}

std::vector<size_t> WindowBegins(const Scores& scores, const std::vector<size_t>& rows) {
  std::vector<size_t> begins;
  for (size_t place = 0; place < rows.size(); ++place) {
    const ScoredClip& clip = scores.clips[rows[place]];
    const ScoredClip* before = place > 0 ? &scores.clips[rows[place - 1]] : nullptr;
    if (before == nullptr || before->first_frame != clip.first_frame || before->crop >= clip.crop) {
      begins.push_back(place);
    }
  }
  begins.push_back(rows.size());
  return begins;
}

}  // namespace reel3d
