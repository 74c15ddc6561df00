// Clips decoded ahead of whoever computes on them: threads of one process fill a ring of batches,
// which come out in order. What is in a batch depends on its requests alone, never on threads.
// Knows no network: pixels are bytes, normalised where they are computed on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/rng.h"
#include "lib/data/clip_sampler.h"
#include "lib/data/crop_plan.h"
#include "lib/loader/pixel_buffer.h"
#include "lib/shard/frame_decoder.h"
#include "lib/shard/shard_frames.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

// Where JPEG frames come from. All are called from any thread.
struct FrameSource {
  // Replaces `frames` by those of a video whose indices, rising, are given. Throws an input error
  // that names video and frame.
  std::function<void(size_t video, const std::vector<int>& frame_indices, FrameBytes* frames)> read;
  // The frames from `first` to `last` will be read soon. May be absent.
  std::function<void(size_t video, int first, int last)> read_ahead;
  // What errors call a video.
  std::function<std::string(size_t video)> name;
};

// Of `shards`, which must outlive it.
FrameSource FramesOf(const ShardSet& shards);

struct ClipRequest {
  size_t video = 0;  // index into the frame source
  int label = -1;    // -1 unknown; carried along
  Clip clip;
  Rng crop_rng{0};  // the crop is drawn from a copy, once the frames' size is known
};

// What to load. Batches may differ in size and may be empty.
struct BatchRequests {
  int64_t num_batches = 0;
  // The clips of a batch. Called once for each, in order, from one thread at a time.
  std::function<std::vector<ClipRequest>(int64_t batch_index)> clips;
  // Which part of its frames a clip shows; its size is the loader's. From any thread.
  std::function<CropPlan(FrameSize frame, Rng& rng)> crop;
  // What to load instead of clip `clip` of a batch whose frames are damaged; `attempt` counts from
  // 1, for the replacement may be damaged too. Which one must depend on nothing else. From any
  // thread. May be absent; counts only with BadClips::kReport.
  std::function<ClipRequest(int64_t batch_index, size_t clip, int attempt)> replacement;
};

// These clips in their order, `size` in each batch but the last; the crop is for the caller to say.
BatchRequests BatchesOf(std::vector<ClipRequest> clips, int64_t size);

// What becomes of a clip whose frames are damaged: Next() throws; or the batch says so and holds
// its replacement, if there is any.
enum class BadClips { kThrow, kReport };

// A clip whose frames are damaged.
struct ClipFault {
  size_t clip = 0;   // its place in the batch
  size_t video = 0;  // the damaged one
  std::string reason;
  bool replaced = false;  // else its pixels mean nothing
};

struct BatchLoaderOptions {
  int clip_length = 16;   // T
  int size = 112;         // S
  int threads = 0;        // 0: one for each core that this process may use
  int batches_ahead = 3;  // ring of the loader; costs that many batches of memory
  BadClips bad_clips = BadClips::kThrow;
  Decoding decoding = Decoding::kFast;
  PixelAllocator allocate = {};  // of the batches' pixels; absent: plain memory
};

struct Batch {
  PixelBuffer pixels;               // [N, 3, T, S, S]: red, green, blue
  std::vector<ClipRequest> clips;   // N of them: as requested, or what replaces them
  std::vector<ClipFault> faults;    // with BadClips::kReport; in order of clips
  double read_s = 0, decode_s = 0;  // what its clips cost, over all threads

  int64_t size() const { return static_cast<int64_t>(clips.size()); }
};

class BatchLoader {
 public:
  // Starts at once. Throws an environment error where threads cannot be started.
  BatchLoader(BatchRequests requests, FrameSource frames, const BatchLoaderOptions& options);
  // At any time: unfinished work is given up within a clip.
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // Waits for the next batch and exchanges it for what `batch` holds, whose memory is used again.
  // False after the last one. With BadClips::kThrow a bad clip throws here, when its batch is due
  // and again on every later call: an input error naming shard, video and frame, the first of the
  // batch if several. One thread at a time.
  bool Next(Batch* batch);

  // The videos that threads are reading or decoding at this moment. Any thread.
  std::vector<size_t> InHand() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
