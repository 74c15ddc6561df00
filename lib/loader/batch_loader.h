// Decodes clips ahead of their consumer. Threads of one process fill a ring of batches, which come
// out in order. The content of a batch depends only on its requests, never on the threads. The
// loader does not depend on a network: pixels are bytes, and the code that uses them normalises
// them.
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
#include "lib/frames/frame_decoder.h"
#include "lib/loader/pixel_buffer.h"
#include "lib/shard/shard_frames.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

// The source of JPEG frames. Any thread may call these functions.
struct FrameSource {
  // Replaces the content of `frames` by the given frames of a video; the indices rise. Throws an
  // input error that names the video and the frame.
  std::function<void(size_t video, const std::vector<int>& frame_indices, FrameBytes* frames)> read;
  // Announces that the frames from `first` to `last` will be read soon. May be absent.
  std::function<void(size_t video, int first, int last)> read_ahead;
  // Returns the name of a video for error messages.
  std::function<std::string(size_t video)> name;
};

// Returns the frame source of `shards`, which must outlive it.
FrameSource FramesOf(const ShardSet& shards);

struct ClipRequest {
  size_t video = 0;  // index into the frame source
  int label = -1;    // -1: unknown; the loader only passes it on
  Clip clip;
  Rng crop_rng{0};  // the crop is drawn from a copy, once the frames' size is known
  int crop = 0;     // number of the crop, if scoring takes several crops of a clip (ScoringCrops)
  // Size of the video's frames in pixels, if the clip shows the complete frames (WholeFrameSize).
  // 0 x 0: it shows a square.
  FrameSize whole_frame = {};
  std::string id = {};  // of the video, for reports; may be empty
};

// Describes what to load. Batches may differ in size and may be empty. The clips of a batch have
// the same whole_frame.
struct BatchRequests {
  int64_t num_batches = 0;
  // Returns the clips of a batch. Called once for each batch, in order, from one thread at a time.
  std::function<std::vector<ClipRequest>(int64_t batch_index)> clips;
  // Returns the part of the frames that a clip shows. CropPlan::size must be that of the loader's
  // options. `rng` is a copy of the clip's crop_rng. Any thread. Not called for clips that show
  // complete frames.
  std::function<CropPlan(const ClipRequest& clip, FrameSize frame, Rng& rng)> crop;
  // Returns the clip to load instead of clip `clip` of a batch, if the frames of that clip are
  // damaged. `attempt` counts from 1, because the replacement may be damaged too. The answer must
  // depend only on these arguments. Any thread. May be absent. Used only with BadClips::kReport.
  std::function<ClipRequest(int64_t batch_index, size_t clip, int attempt)> replacement;
};

// Cuts `clips`, in their order, into batches of `size`; the last may be smaller. A clip with
// another whole_frame than the one before it begins a new batch. A batch of complete frames has as
// many clips as fit into the area of `size` squares of their short side, but at least one, so it
// takes no more memory than a batch of such squares. The caller sets `crop`.
BatchRequests BatchesOf(std::vector<ClipRequest> clips, int64_t size);

// Says what happens to a clip whose frames are damaged. kThrow: Next() throws. kReport: the batch
// reports the fault and holds the replacement, if there is one.
enum class BadClips { kThrow, kReport };

// Describes a clip whose frames are damaged.
struct ClipFault {
  size_t clip = 0;   // place in the batch
  size_t video = 0;  // the damaged video
  std::string reason;
  bool replaced = false;  // false: the clip's pixels are undefined
};

// The work of loading clips, summed over the loader's threads.
struct LoadCost {
  double read_s = 0, decode_s = 0;
  int64_t read_bytes = 0;    // of frames
  int64_t copied_bytes = 0;  // of these, bytes from copies on this node (ShardCopies)

  LoadCost& operator+=(const LoadCost& other);
};

struct BatchLoaderOptions {
  int clip_length = 16;   // T
  int size = 112;         // S: the side of squares, or the short side of complete frames
  int threads = 0;        // 0: one for each core that this process may use
  int batches_ahead = 3;  // length of the ring; each costs the memory of a batch
  BadClips bad_clips = BadClips::kThrow;
  Decoding decoding = Decoding::kFast;
  PixelAllocator allocate = {};  // for the batches' pixels; absent: plain memory
};

struct Batch {
  PixelBuffer pixels;              // [N, 3, T, H, W]: red, green, blue
  FrameSize clip_size;             // W and H: S and S, or those of complete frames
  std::vector<ClipRequest> clips;  // N of them: as requested, or their replacements
  std::vector<ClipFault> faults;   // in order of clips; only with BadClips::kReport
  LoadCost cost;                   // of these clips

  int64_t size() const { return static_cast<int64_t>(clips.size()); }
};

class BatchLoader {
 public:
  // Starts loading at once. Throws an environment error if threads cannot be started.
  BatchLoader(BatchRequests requests, FrameSource frames, const BatchLoaderOptions& options);
  // May run at any time: each thread finishes at most the clip that it is working on.
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // Waits for the next batch and exchanges it for the content of `batch`, whose memory is reused.
  // Returns false after the last batch. With BadClips::kThrow, a bad clip throws an input error
  // when its batch is due, and again on every later call. The error names shard, video and frame.
  // If several clips are bad, it describes the first one in the batch. One thread at a time.
  bool Next(Batch* batch);

  // Waits for the next batch, at most `seconds`. Returns true if Next() would not wait now. Any
  // thread.
  bool WaitFor(double seconds) const;

  // Returns the ids of the videos that threads are reading or decoding at this moment, as the
  // requests state them. It waits for no file. Any thread.
  std::vector<std::string> InHand() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
