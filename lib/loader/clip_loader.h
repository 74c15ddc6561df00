// Loads clips of a batch, as one thread of a BatchLoader does: reads frames, decodes them, and
// replaces clips whose frames are damaged. Clips that show the same frames, such as the crops of a
// window, are loaded from one decoding.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

#include "lib/frames/frame_decoder.h"
#include "lib/loader/batch_loader.h"

namespace reel3d {

// Describes where clips come from.
struct ClipOrigin {
  const BatchRequests& requests;
  const FrameSource& frames;
  const BatchLoaderOptions& options;
  int64_t batch_index = 0;
};

// Clips that are loaded together, and what became of them.
struct ClipGroup {
  std::vector<size_t> clips;  // places in the batch; all show the same frames
  std::vector<ClipFault> faults;
  std::vector<std::pair<size_t, std::exception_ptr>> errors;  // by clip: those that end the loading
  LoadCost cost;
};

// Returns the bytes of one clip of a batch.
inline size_t ClipBytes(const Batch& batch, int clip_length) {
  return size_t{3} * clip_length * batch.clip_size.width * batch.clip_size.height;
}

// Keeps its buffers from clip to clip. Use one loader per thread.
class ClipLoader {
 public:
  explicit ClipLoader(Decoding decoding) : decoder_(decoding) {}

  // Writes the pixels of group->clips into the batch, and sets the other fields of `group`. Clips
  // that are replaced are replaced in the batch too. Other threads may write other clips.
  void Load(const ClipOrigin& origin, Batch* batch, ClipGroup* group);

 private:
  bool LoadTogether(const ClipOrigin& origin, Batch* batch, ClipGroup* group);
  void LoadOne(const ClipOrigin& origin, size_t clip, Batch* batch, ClipGroup* group);
  void Read(const ClipOrigin& origin, const ClipRequest& request, ClipGroup* group);
  void Fill(const ClipOrigin& origin, const std::vector<size_t>& clips, Batch* batch,
            ClipGroup* group);
  void DecodeCrops(const ClipOrigin& origin, const std::vector<size_t>& clips, FrameSize frame,
                   Batch* batch);
  void DecodeWhole(const ClipOrigin& origin, size_t clip, FrameSize frame, Batch* batch);

  FrameDecoder decoder_;
  std::vector<int> frame_indices_;
  FrameBytes bytes_;
  std::vector<FrameJpeg> frames_;
  std::vector<CropPlan> plans_;
  std::vector<uint8_t*> pixels_;
  std::vector<uint8_t> tiles_;  // squares of complete frames
};

}  // namespace reel3d
