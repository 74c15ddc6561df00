// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/clip_loader.h"

#include <fmt/format.h>

#include <cstring>

#include "lib/base/error.h"
#include "lib/base/timer.h"

namespace reel3d {

void ClipLoader::Load(const ClipOrigin& origin, Batch* batch, ClipGroup* group) {
  if (LoadTogether(origin, batch, group)) {
    return;
  }
  for (const size_t clip : group->clips) {
    try {
      LoadOne(origin, clip, batch, group);
    } catch (...) {
      group->errors.emplace_back(clip, std::current_exception());
    }
  }
}

// Returns false if there is only one clip, or if something failed: each clip is then to be loaded
// by itself, so that each has its own fault or replacement.
bool ClipLoader::LoadTogether(const ClipOrigin& origin, Batch* batch, ClipGroup* group) {
  if (group->clips.size() < 2) {
    return false;
  }
  try {
    Fill(origin, group->clips, batch, group);
  } catch (const std::exception&) {
    return false;
  }
  return true;
}

// Loads the clip as requested or, if its frames are damaged, its replacement.
void ClipLoader::LoadOne(const ClipOrigin& origin, size_t clip, Batch* batch, ClipGroup* group) {
  constexpr int kMostAttempts = 16;
  ClipRequest& request = batch->clips[clip];
  for (int attempt = 1;; ++attempt) {
    try {
      Fill(origin, {clip}, batch, group);
      return;
    } catch (const Error& fault) {
      const bool replaced = origin.requests.replacement && attempt < kMostAttempts;
      if (origin.options.bad_clips == BadClips::kThrow || fault.kind() != ErrorKind::kInput) {
        throw;
      }
      group->faults.push_back({clip, request.video, fault.what(), replaced});
      if (!replaced) {
        return;
      }
    }
    request = origin.requests.replacement(origin.batch_index, clip, attempt);
  }
}

// Reads the frames that the clip shows.
void ClipLoader::Read(const ClipOrigin& origin, const ClipRequest& request, ClipGroup* group) {
  const auto num_distinct = static_cast<size_t>(request.clip.num_distinct);
  REEL3D_CHECK(static_cast<int>(request.clip.frames.size()) == origin.options.clip_length &&
               num_distinct >= 1 && num_distinct <= request.clip.frames.size());
  const auto first = request.clip.frames.begin();
  frame_indices_.assign(first, first + static_cast<ptrdiff_t>(num_distinct));
  const Stopwatch reading;
  origin.frames.read(request.video, frame_indices_, &bytes_);
  const auto read_bytes = static_cast<int64_t>(bytes_.total_bytes());
  group->cost +=
      {reading.Seconds(), /*decode_s=*/0, read_bytes, bytes_.from_copy() ? read_bytes : 0};
  frames_.resize(num_distinct);
  for (size_t t = 0; t < num_distinct; ++t) {
    frames_[t] = {request.clip.frames[t], bytes_.data(t), bytes_.size_bytes(t)};
  }
}

// Loads clips that show the same frames.
void ClipLoader::Fill(const ClipOrigin& origin, const std::vector<size_t>& clips, Batch* batch,
                      ClipGroup* group) {
  const ClipRequest& first = batch->clips[clips.front()];
  Read(origin, first, group);
  const Stopwatch decoding;
  try {
    const FrameSize frame = decoder_.ReadSize(frames_[0]);
    if (first.whole_frame == FrameSize{}) {
      DecodeCrops(origin, clips, frame, batch);
    } else {
      REEL3D_CHECK(clips.size() == 1);
      DecodeWhole(origin, clips.front(), frame, batch);
    }
    group->cost.decode_s += decoding.Seconds();
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", origin.frames.name(first.video), error.what()),
                error.system_error());
  }
}

void ClipLoader::DecodeCrops(const ClipOrigin& origin, const std::vector<size_t>& clips,
                             FrameSize frame, Batch* batch) {
  const BatchLoaderOptions& options = origin.options;
  const size_t clip_bytes = ClipBytes(*batch, options.clip_length);
  plans_.clear();
  pixels_.clear();
  for (const size_t clip : clips) {
    Rng rng = batch->clips[clip].crop_rng;
    plans_.push_back(origin.requests.crop(batch->clips[clip], frame, rng));
    REEL3D_CHECK(plans_.back().size == options.size);
    pixels_.push_back(batch->pixels.data() + clip * clip_bytes);
  }
  decoder_.DecodeCrops(frames_, options.clip_length, plans_, pixels_);
}

// Decodes squares that cover the complete frames, and puts them together.
void ClipLoader::DecodeWhole(const ClipOrigin& origin, size_t clip, FrameSize frame, Batch* batch) {
  const FrameSize expected = batch->clips[clip].whole_frame;
  if (frame != expected) {
    throw InputError(fmt::format("frame {}: {}x{} pixels, but the video has {}x{}",
                                 frames_[0].frame_index, frame.width, frame.height, expected.width,
                                 expected.height));
  }
  const int length = origin.options.clip_length;
  const int side = origin.options.size;
  const size_t tile_bytes = size_t{3} * length * side * side;
  plans_ = WholeFrameTiles(frame, side);
  tiles_.resize(plans_.size() * tile_bytes);
  pixels_.clear();
  for (size_t tile = 0; tile < plans_.size(); ++tile) {
    pixels_.push_back(tiles_.data() + tile * tile_bytes);
  }
  decoder_.DecodeCrops(frames_, length, plans_, pixels_);
  const FrameSize size = batch->clip_size;
  uint8_t* const to = batch->pixels.data() + clip * ClipBytes(*batch, length);
  for (size_t tile = 0; tile < plans_.size(); ++tile) {
    for (int row = 0; row < 3 * length * side; ++row) {
      const int plane = row / side;  // colours and frames, in the same order in both
      const int64_t y = int64_t{plane} * size.height + plans_[tile].window_y + row % side;
      std::memcpy(to + y * size.width + plans_[tile].window_x, pixels_[tile] + int64_t{row} * side,
                  static_cast<size_t>(side));
    }
  }
}

}  // namespace reel3d
