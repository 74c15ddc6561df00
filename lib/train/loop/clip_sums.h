// Sums loss and accuracy over exactly the clips that were seen, on the device and over the ranks.
// The sums are exact, so that ranks, micro-batches and a resume do not change their last bits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>

#include "lib/dist/process_group.h"

namespace reel3d {

struct ClipMeans {
  double loss = 0;  // cross entropy; NaN without clips
  double top1 = 0;  // fraction; NaN without clips
  double top5 = 0;  // fraction with the label among the first five; NaN without clips
  double num_clips = 0;
};

class ClipSums {
 public:
  explicit ClipSums(at::Device device);

  // Adds logits (N, classes), labels int64 (N), losses float (N) of this rank; N may be 0. Does not
  // wait for the device.
  void Add(const at::Tensor& logits, const at::Tensor& labels, const at::Tensor& losses);

  // Returns the means over all ranks; the sums of Restore() count once, not once per rank. Does not
  // change the sums. Collective.
  ClipMeans Means(const ProcessGroup& group) const;

  // Returns the sums over all ranks, for a checkpoint within an epoch. Collective.
  nlohmann::ordered_json State(const ProcessGroup& group) const;
  // Continues from the sums in `state`, which State() returned. Call it on every rank.
  void Restore(const nlohmann::ordered_json& state);

 private:
  at::Tensor Total(const ProcessGroup& group) const;

  at::Tensor sums_;  // double [4]: loss in 2^-24, top-1, top-5, clips; of this rank
  at::Tensor base_;  // the same sums of all ranks before a resume; equal on every rank
};

}  // namespace reel3d
