// Merges the answers for the windows of a video into segments: from when to when the video shows
// which class. Pure arithmetic.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace reel3d {

// The best class of one window. Times are seconds from the start of the video.
struct WindowAnswer {
  double begin_s = 0, end_s = 0;  // the window shows [begin_s, end_s)
  int class_index = 0;
  double probability = 0;
};

struct SegmentRules {
  double min_probability = 0.5;  // windows with less are unsure: they make no segment
  double max_gap_s = 0;          // longest unsure part that a segment may contain
};

// A part of the video whose sure windows all have one class.
struct Segment {
  double begin_s = 0, end_s = 0;
  int class_index = 0;
  int64_t num_windows = 0;                               // sure windows
  double mean_probability = 0, highest_probability = 0;  // of the class, over the sure windows
};

// Returns the segments in order of time. A sure window extends the segment before it if both have
// the same class, and either no window lies between, or at most `max_gap_s` lie between the end of
// the segment and the begin of the window. Else it starts a new segment. Frames that no window
// shows are no gap: windows that follow each other count as neighbours, however far apart.
// Segments do not overlap: if the windows of two segments do, the segments meet in the middle of
// the part that both windows show.
//
// `windows` begin at rising times and have finite numbers. Their ends never fall.
std::vector<Segment> MergeWindows(const std::vector<WindowAnswer>& windows,
                                  const SegmentRules& rules);

}  // namespace reel3d
