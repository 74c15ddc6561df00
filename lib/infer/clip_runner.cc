// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/clip_runner.h"

#include <utility>

#include "lib/infer/clip_tensors.h"

namespace reel3d {
namespace {

BatchLoaderOptions Loading(const ClipRecipe& recipe, const ClipRunnerOptions& options,
                           at::Device device) {
  BatchLoaderOptions loading;
  loading.clip_length = recipe.shape.length;
  loading.size = options.crops.crops == ScoringCrop::kWhole ? options.crops.ShortSide(recipe.size)
                                                            : recipe.size;
  loading.threads = options.loader_threads;
  loading.bad_clips = options.bad_clips;
  loading.decoding = options.decoding;
  loading.allocate = PixelsFor(device);
  return loading;
}

at::Tensor InOrder(const at::Tensor& input, const Batch& batch,
                   const ClipRunner::ChooseFrames& choose) {
  if (!choose) {
    return input;
  }
  std::vector<std::vector<int>> frames;
  for (const ClipRequest& clip : batch.clips) {
    frames.push_back(choose(clip));
  }
  return ShowFrames(input, frames);
}

}  // namespace

ClipRunner::ClipRunner(Network network, ClipRecipe recipe, const ClipRunnerOptions& options,
                       at::Device device)
    : network_(std::move(network)),
      recipe_(std::move(recipe)),
      batch_size_(options.batch),
      crops_(options.crops),
      fills_batches_((options.fill_batches || device.is_cuda()) &&
                     crops_.crops != ScoringCrop::kWhole),
      loading_(Loading(recipe_, options, device)),
      input_(recipe_.input, device) {
  crops_.Check(recipe_.size);
}

void ClipRunner::Run(std::vector<ClipRequest> clips, FrameSource frames, const UseBatch& use) {
  RunWith(
      std::move(clips), std::move(frames),
      [&](const Batch& /*batch*/, const at::Tensor& input) { return Outputs(input); }, use);
}

void ClipRunner::RunWith(std::vector<ClipRequest> clips, FrameSource frames, const Compute& compute,
                         const UseBatch& use) {
  ForBatches(std::move(clips), std::move(frames),
             [&](const at::Tensor& input) { use(batch_, compute(batch_, input)); });
}

void ClipRunner::RunInOrders(std::vector<ClipRequest> clips, FrameSource frames,
                             const std::vector<ChooseFrames>& orders, const UseOrder& use) {
  ForBatches(std::move(clips), std::move(frames), [&](const at::Tensor& input) {
    for (size_t order = 0; order < orders.size(); ++order) {
      use(batch_, order, Outputs(InOrder(input, batch_, orders[order])));
    }
  });
}

at::Tensor ClipRunner::Outputs(const at::Tensor& input) {
  if (!fills_batches_) {
    return network_->forward(input);
  }
  return network_->forward(FillUp(input, batch_size_)).narrow(0, 0, input.size(0));
}

void ClipRunner::ForBatches(std::vector<ClipRequest> clips, FrameSource frames,
                            const std::function<void(const at::Tensor& input)>& use) {
  const at::NoGradGuard no_grad;
  BatchRequests requests = BatchesOf(std::move(clips), batch_size_);
  requests.crop = [size = recipe_.size, crops = crops_](const ClipRequest& clip, FrameSize frame,
                                                        Rng& /*rng*/) {
    return ScoringCrops(frame, size, crops).at(static_cast<size_t>(clip.crop));
  };
  BatchLoader loader(std::move(requests), std::move(frames), loading_);
  while (loader.Next(&batch_)) {
    const at::Tensor pixels = AsTensors(batch_, recipe_.shape.length).pixels;
    use(input_.ToInput(pixels));
    // The memory of this batch may be filled again while a GPU still computes, but not while it
    // still copies.
    input_.EndCopies();
  }
}

}  // namespace reel3d
