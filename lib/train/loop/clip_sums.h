// Loss and accuracy over exactly the clips that were seen, summed on the device and over the ranks.
// The sums are exact, so that neither ranks, micro-batches nor a resume change their last bits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>

#include "lib/dist/process_group.h"

namespace reel3d {

struct ClipMeans {
  double loss = 0;  // cross entropy; NaN without clips
  double top1 = 0;  // fraction; NaN without clips
  double top5 = 0;  // the same; among the first five
  double num_clips = 0;
};

class ClipSums {
 public:
  explicit ClipSums(at::Device device);

  // logits (N, classes), labels int64 (N), losses float (N) of this rank; N may be 0. Does not wait
  // for the device.
  void Add(const at::Tensor& logits, const at::Tensor& labels, const at::Tensor& losses);

  // Over all ranks, what `base` holds included once. Collective; leaves the sums as they are.
  ClipMeans Means(const ProcessGroup& group) const;

  // The sums over all ranks, for a checkpoint in mid-epoch. Collective.
  nlohmann::ordered_json State(const ProcessGroup& group) const;
  // Goes on from a State(); call on every rank.
  void Restore(const nlohmann::ordered_json& state);

 private:
  at::Tensor Total(const ProcessGroup& group) const;

  at::Tensor sums_;  // double [4]: loss in 2^-24, top-1, top-5, clips; of this rank
  at::Tensor base_;  // the same, of all ranks, before a resume; the same on every rank
};

}  // namespace reel3d
