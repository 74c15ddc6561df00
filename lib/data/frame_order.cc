// SPDX-License-Identifier: Apache-2.0
#include "lib/data/frame_order.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace reel3d {
namespace {

void Shuffle(std::vector<int>* frames, Rng rng) {
  for (size_t i = frames->size(); i > 1; --i) {
    std::swap((*frames)[i - 1], (*frames)[static_cast<size_t>(rng.Below(static_cast<int64_t>(i)))]);
  }
}

}  // namespace

std::vector<FrameOrder> OrdersOf(Probe probe) {
  if (probe == Probe::kNone) {
    return {FrameOrder::kAsIs};
  }
  return {FrameOrder::kAsIs, FrameOrder::kShuffled, FrameOrder::kReversed, FrameOrder::kOneFrame};
}

std::string FolderOf(FrameOrder order) {
  return order == FrameOrder::kAsIs ? "" : std::string("probe/") + NameOf(order);
}

std::vector<int> ShownFrames(FrameOrder order, int length, int num_distinct, Rng rng) {
  std::vector<int> shown(static_cast<size_t>(length));
  std::iota(shown.begin(), shown.end(), 0);
  switch (order) {
    case FrameOrder::kAsIs:
      break;
    case FrameOrder::kShuffled:
      Shuffle(&shown, rng);
      break;
    case FrameOrder::kReversed:
      std::reverse(shown.begin(), shown.end());
      break;
    case FrameOrder::kOneFrame:
      std::fill(shown.begin(), shown.end(), num_distinct / 2);
      break;
  }
  return shown;
}

}  // namespace reel3d
