// Tensors over the pixels of loaded clips, and rows of results out of tensors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <vector>

#include "lib/loader/batch_loader.h"

namespace reel3d {

// Returns an allocator of memory from which `device` can copy pixels while the host continues.
PixelAllocator PixelsFor(at::Device device);

// Views of a Batch's bytes, valid until its loader's next Next().
struct ClipBatch {
  at::Tensor pixels;  // uint8 (N, 3, T, S, S)
  at::Tensor labels;  // int64 (N)
};
ClipBatch AsTensors(Batch& batch, int clip_length, int size);
// Does the same without the clips that could neither be loaded nor replaced. The tensors are copies
// if there are such clips.
ClipBatch LoadedClips(Batch& batch, int clip_length, int size);

// Appends the values of `rows`, of any type and on any device, to `all`. Returns when everything
// that `rows` is computed from has been read.
void AppendRows(const at::Tensor& rows, std::vector<float>* all);

}  // namespace reel3d
