// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/clip_loader.h"

#include <fmt/format.h>

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
  group->read_s += reading.Seconds();
  frames_.resize(num_distinct);
  for (size_t t = 0; t < num_distinct; ++t) {
    frames_[t] = {request.clip.frames[t], bytes_.data(t), bytes_.size_bytes(t)};
  }
}

// Loads clips that show the same frames.
void ClipLoader::Fill(const ClipOrigin& origin, const std::vector<size_t>& clips, Batch* batch,
                      ClipGroup* group) {
  const BatchLoaderOptions& options = origin.options;
  const ClipRequest& first = batch->clips[clips.front()];
  Read(origin, first, group);
  const Stopwatch decoding;
  const size_t clip_bytes = size_t{3} * options.clip_length * options.size * options.size;
  plans_.clear();
  pixels_.clear();
  try {
    const FrameSize size = decoder_.ReadSize(frames_[0]);
    for (const size_t clip : clips) {
      Rng rng = batch->clips[clip].crop_rng;
      plans_.push_back(origin.requests.crop(batch->clips[clip], size, rng));
      REEL3D_CHECK(plans_.back().size == options.size);
      pixels_.push_back(batch->pixels.data() + clip * clip_bytes);
    }
    decoder_.DecodeCrops(frames_, options.clip_length, plans_, pixels_);
    group->decode_s += decoding.Seconds();
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", origin.frames.name(first.video), error.what()));
  }
}

}  // namespace reel3d
