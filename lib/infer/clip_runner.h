// Applies a network to clips: loads the clips, turns them into the network's input and passes on
// the network's outputs. Every tool that uses a network without training it goes through this
// class.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "lib/data/clip_sampler.h"
#include "lib/data/crop_plan.h"
#include "lib/infer/clip_input.h"
#include "lib/loader/batch_loader.h"
#include "lib/model/network.h"

namespace reel3d {

// Describes the clips that a network expects.
struct ClipRecipe {
  ClipShape shape;
  int size = 112;  // pixels: the side of the square that is cut out of each frame
  ClipInputOptions input;
};

struct ClipRunnerOptions {
  int batch = 32;  // clips computed at once; costs memory
  int loader_threads = 1;
  Decoding decoding = Decoding::kFast;
  BadClips bad_clips = BadClips::kReport;
  // ClipRequest::crop is the number of one of these crops. With ScoringCrop::kWhole each request
  // has its whole_frame instead, and clips that follow each other share a batch if these are equal.
  CropChoice crops = {};
  // Run() and RunInOrders() compute smaller batches with clips of zeros behind them, so that all
  // batches have the same kernels. GPUs always do, because their kernels are tried for one number
  // of clips (UsePrecision). Batches of complete frames stay as they are.
  bool fill_batches = false;
};

// Use it from one thread.
class ClipRunner {
 public:
  // `network` must be in evaluation mode, on `device`. Throws what CropChoice::Check() throws.
  ClipRunner(Network network, ClipRecipe recipe, const ClipRunnerOptions& options,
             at::Device device);

  // Receives a batch and the network's outputs (N, classes) for it, on the device. With
  // BadClips::kReport, the outputs of the clips in batch.faults have no meaning.
  using UseBatch = std::function<void(const Batch& batch, const at::Tensor& outputs)>;

  // Runs the network on all clips in their order, without gradients. Throws an input error if
  // frames cannot be read (BadClips::kThrow), and whatever `use` throws.
  void Run(std::vector<ClipRequest> clips, FrameSource frames, const UseBatch& use);
  // Does the same with `compute` in place of the network. It receives the network's input and
  // returns the outputs, and should not keep gradients.
  using Compute = std::function<at::Tensor(const Batch& batch, const at::Tensor& input)>;
  void RunWith(std::vector<ClipRequest> clips, FrameSource frames, const Compute& compute,
               const UseBatch& use);

  // Returns for each place of a clip the frame to show there, as a number within the clip
  // (ShownFrames). An empty function leaves the clip as it is.
  using ChooseFrames = std::function<std::vector<int>(const ClipRequest& clip)>;
  // Receives a batch and the outputs for it with the frames that orders[order] chooses.
  using UseOrder = std::function<void(const Batch& batch, size_t order, const at::Tensor& outputs)>;

  // Does the same with each clip shown in each of `orders`, but loads each clip once. Calls `use`
  // for all orders of a batch before the next batch.
  void RunInOrders(std::vector<ClipRequest> clips, FrameSource frames,
                   const std::vector<ChooseFrames>& orders, const UseOrder& use);

  const ClipRecipe& recipe() const { return recipe_; }

 private:
  // Returns the network's outputs for the clips of `input`.
  at::Tensor Outputs(const at::Tensor& input);
  // Loads all clips and calls `use` with the network's input for each batch, which is in batch_.
  void ForBatches(std::vector<ClipRequest> clips, FrameSource frames,
                  const std::function<void(const at::Tensor& input)>& use);

  Network network_;
  const ClipRecipe recipe_;
  const int batch_size_;
  const CropChoice crops_;
  const bool fills_batches_;
  BatchLoaderOptions loading_;
  ClipInput input_;
  Batch batch_;  // its memory is reused
};

}  // namespace reel3d
