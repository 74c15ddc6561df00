// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/timeline.h"

#include <algorithm>

namespace reel3d {
namespace {

bool Extends(const Segment& segment, const WindowAnswer& window, bool follows_directly,
             const SegmentRules& rules) {
  return segment.class_index == window.class_index &&
         (follows_directly || window.begin_s - segment.end_s <= rules.max_gap_s);
}

void Extend(const WindowAnswer& window, Segment* segment) {
  segment->end_s = window.end_s;
  ++segment->num_windows;
  segment->mean_probability +=
      (window.probability - segment->mean_probability) / static_cast<double>(segment->num_windows);
  segment->highest_probability = std::max(segment->highest_probability, window.probability);
}

void CutOverlaps(std::vector<Segment>* segments) {
  for (size_t next = 1; next < segments->size(); ++next) {
    Segment& before = (*segments)[next - 1];
    Segment& after = (*segments)[next];
    if (after.begin_s < before.end_s) {
      before.end_s = after.begin_s = (after.begin_s + before.end_s) / 2;
    }
  }
}

}  // namespace

std::vector<Segment> MergeWindows(const std::vector<WindowAnswer>& windows,
                                  const SegmentRules& rules) {
  std::vector<Segment> segments;
  bool was_sure = false;
  for (const WindowAnswer& window : windows) {
    const bool is_sure = window.probability >= rules.min_probability;
    if (is_sure) {
      if (segments.empty() || !Extends(segments.back(), window, was_sure, rules)) {
        segments.push_back({window.begin_s, window.end_s, window.class_index});
      }
      Extend(window, &segments.back());
    }
    was_sure = is_sure;
  }
  CutOverlaps(&segments);
  return segments;
}

}  // namespace reel3d
