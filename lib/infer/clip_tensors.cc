// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/clip_tensors.h"

#include <cstdint>
#include <memory>

namespace reel3d {

PixelAllocator PixelsFor(at::Device device) {
  if (!device.is_cuda()) {
    return {};
  }
  // torch's allocator reuses such memory only after the copies from it have ended.
  return [](size_t size_bytes) {
    const auto pinned = std::make_shared<at::Tensor>(torch::empty(
        {static_cast<int64_t>(size_bytes)}, at::TensorOptions(at::kByte).pinned_memory(true)));
    return std::shared_ptr<uint8_t>(pinned, pinned->data_ptr<uint8_t>());
  };
}

ClipBatch AsTensors(Batch& batch, int clip_length) {
  std::vector<int64_t> labels;
  for (const ClipRequest& clip : batch.clips) {
    labels.push_back(clip.label);
  }
  return {
      torch::from_blob(
          batch.pixels.data(),
          {batch.size(), 3, clip_length, batch.clip_size.height, batch.clip_size.width}, at::kByte),
      torch::tensor(labels, at::kLong)};
}

ClipBatch LoadedClips(Batch& batch, int clip_length) {
  ClipBatch clips = AsTensors(batch, clip_length);
  std::vector<bool> loaded(batch.clips.size(), true);
  for (const ClipFault& fault : batch.faults) {
    loaded[fault.clip] = loaded[fault.clip] && fault.replaced;
  }
  std::vector<int64_t> rows;
  for (size_t clip = 0; clip < loaded.size(); ++clip) {
    if (loaded[clip]) {
      rows.push_back(static_cast<int64_t>(clip));
    }
  }
  if (rows.size() == loaded.size()) {
    return clips;
  }
  const at::Tensor kept = torch::tensor(rows, at::kLong);
  return {clips.pixels.index_select(0, kept), clips.labels.index_select(0, kept)};
}

at::Tensor ShowFrames(const at::Tensor& clips, const std::vector<std::vector<int>>& frames) {
  at::Tensor shown = at::empty_like(clips);
  // Frames come first: in the channels-last order of the CPU each frame is then one piece of
  // memory.
  const auto by_frame = [](const at::Tensor& all) { return all.permute({0, 2, 3, 4, 1}); };
  for (int64_t clip = 0; clip < clips.size(0); ++clip) {
    const at::Tensor numbers =
        torch::tensor(frames.at(static_cast<size_t>(clip)), at::kLong).to(clips.device());
    by_frame(shown)[clip].copy_(by_frame(clips)[clip].index_select(0, numbers));
  }
  return shown;
}

at::Tensor FillUp(const at::Tensor& clips, int64_t count) {
  const int64_t missing = count - clips.size(0);
  return missing <= 0 ? clips : at::constant_pad_nd(clips, {0, 0, 0, 0, 0, 0, 0, 0, 0, missing});
}

void AppendRows(const at::Tensor& rows, std::vector<float>* all) {
  const at::Tensor on_cpu = rows.to(at::kCPU, at::kFloat).contiguous();
  const float* values = on_cpu.data_ptr<float>();
  all->insert(all->end(), values, values + on_cpu.numel());
}

}  // namespace reel3d
