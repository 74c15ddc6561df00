// SPDX-License-Identifier: Apache-2.0
#include "lib/data/clip_sampler.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Returns how many frames of a video are left if every stride-th is taken.
int CountStrided(int num_frames, const ClipShape& shape) {
  shape.Check();
  if (num_frames < 1) {
    throw InputError("no clip can be taken from a video without frames");
  }
  return (num_frames - 1) / shape.stride + 1;
}

// Returns the window that starts at `start` of the strided list, which has `count` > start frames.
Clip Window(int start, int count, const ClipShape& shape) {
  Clip clip;
  clip.num_distinct = std::min(shape.length, count - start);
  clip.frames.reserve(static_cast<size_t>(shape.length));
  for (int t = 0; t < shape.length; ++t) {
    clip.frames.push_back((start + t % clip.num_distinct) * shape.stride);
  }
  return clip;
}

bool IsShort(const Clip& clip, const ClipShape& shape) { return clip.num_distinct < shape.length; }

// Returns ceil((count - 1 - length) / (num_clips - 1)), at least 1.
int EvenStep(int count, const ClipShape& shape, int num_clips) {
  const int span = count - 1 - shape.length;
  return span < 1 ? 1 : (span - 1) / (num_clips - 1) + 1;
}

}  // namespace

void ClipShape::Check() const {
  if (length < 1 || stride < 1) {
    throw UsageError(
        fmt::format("clip length {} and stride {} must be at least 1", length, stride));
  }
}

Clip RandomClip(int num_frames, const ClipShape& shape, bool inclusive, Rng& rng) {
  const int count = CountStrided(num_frames, shape);
  const int num_starts = count - shape.length + (inclusive ? 1 : 0);
  const auto start = static_cast<int>(rng.Below(std::max(1, num_starts)));
  return Window(start, count, shape);
}

std::vector<Clip> EvenClips(int num_frames, const ClipShape& shape, int count, bool capped) {
  if (count < 1) {
    throw UsageError(fmt::format("number of clips is {}; it must be at least 1", count));
  }
  const int num_strided = CountStrided(num_frames, shape);
  const int step = count == 1 ? shape.length : EvenStep(num_strided, shape, count);
  std::vector<Clip> clips = {Window(0, num_strided, shape)};
  const auto cap = static_cast<size_t>(count);
  if (capped) {
    for (int start = step; start < num_strided && clips.size() < cap; start += step) {
      if (IsShort(clips.back(), shape)) {
        break;
      }
      clips.push_back(Window(start, num_strided, shape));
    }
  } else {
    for (int start = step; start < num_strided - 1; start += step) {
      clips.push_back(Window(start, num_strided, shape));
    }
  }
  return clips;
}

std::vector<Clip> SlidingClips(int num_frames, const ClipShape& shape, int window_stride,
                               TailRule rule) {
  if (window_stride < 1) {
    throw UsageError(fmt::format("window stride is {}; it must be at least 1", window_stride));
  }
  const int count = CountStrided(num_frames, shape);
  const int end = rule == TailRule::kLoop       ? count
                  : rule == TailRule::kLoop2018 ? count - 1
                                                : count - shape.length;
  std::vector<Clip> clips = {Window(0, count, shape)};
  for (int start = window_stride; start < end; start += window_stride) {
    if (IsShort(clips.back(), shape)) {
      break;
    }
    clips.push_back(Window(start, count, shape));
  }
  return clips;
}

}  // namespace reel3d
