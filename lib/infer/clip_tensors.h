// Makes tensors from the pixels of loaded clips, and copies rows of results out of tensors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "lib/loader/batch_loader.h"

namespace reel3d {

// Returns an allocator of memory from which `device` can copy pixels while the host continues.
PixelAllocator PixelsFor(at::Device device);

// Holds a Batch as tensors. The pixels are a view of the Batch's bytes, valid until its loader's
// next Next().
struct ClipBatch {
  at::Tensor pixels;  // uint8 (N, 3, T, H, W)
  at::Tensor labels;  // int64 (N)
};
ClipBatch AsTensors(Batch& batch, int clip_length);
// Does the same without the clips that could neither be loaded nor replaced. If there are such
// clips, the tensors are copies.
ClipBatch LoadedClips(Batch& batch, int clip_length);

// Returns clips (N, C, T, H, W) in the same memory format that show other frames: place t of clip n
// shows frame frames[n][t] of that clip.
at::Tensor ShowFrames(const at::Tensor& clips, const std::vector<std::vector<int>>& frames);

// Returns `clips` (N, C, T, H, W) with clips of zeros behind them, `count` in all. If there are as
// many already, it returns the same tensor.
at::Tensor FillUp(const at::Tensor& clips, int64_t count);

// Appends the values of `rows`, of any type and on any device, to `all`. Waits until the device has
// computed `rows`, so that the inputs of `rows` may be overwritten afterwards.
void AppendRows(const at::Tensor& rows, std::vector<float>* all);

}  // namespace reel3d
