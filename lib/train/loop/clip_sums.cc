// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/clip_sums.h"

#include <torch/types.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Losses are rounded to multiples of 1 / kLossUnits, which is finer than the spacing of float32
// above 1. Sums of these multiples are exact up to 2^53 units, which is a sum of losses of 5e8.
constexpr double kLossUnits = 1 << 24;

}  // namespace

ClipSums::ClipSums(at::Device device)
    : sums_(torch::zeros({4}, at::TensorOptions(device).dtype(at::kDouble))),
      base_(torch::zeros_like(sums_)) {}

void ClipSums::Add(const at::Tensor& logits, const at::Tensor& labels, const at::Tensor& losses) {
  const at::NoGradGuard no_grad;
  if (labels.numel() == 0) {
    return;
  }
  sums_[0] += (losses.to(at::kDouble) * kLossUnits).round().sum();
  sums_[1] += (logits.argmax(1) == labels).sum();
  const at::Tensor first5 = std::get<1>(logits.topk(std::min<int64_t>(5, logits.size(1)), 1));
  sums_[2] += (first5 == labels.unsqueeze(1)).sum();
  sums_[3] += static_cast<double>(labels.numel());
}

at::Tensor ClipSums::Total(const ProcessGroup& group) const {
  at::Tensor total = sums_.clone();
  AllReduceSum(group, total);
  return (total + base_).to(at::kCPU);
}

ClipMeans ClipSums::Means(const ProcessGroup& group) const {
  const at::Tensor total = Total(group);
  const auto value = [&](int i) { return total[i].item<double>(); };
  return {value(0) / kLossUnits / value(3), value(1) / value(3), value(2) / value(3), value(3)};
}

nlohmann::ordered_json ClipSums::State(const ProcessGroup& group) const {
  const at::Tensor total = Total(group);
  auto values = std::vector<double>(total.data_ptr<double>(), total.data_ptr<double>() + 4);
  return values;
}

void ClipSums::Restore(const nlohmann::ordered_json& state) {
  try {
    const auto values = state.get<std::vector<double>>();
    if (values.size() != 4) {
      throw InputError("sums of the checkpoint: four numbers are wanted");
    }
    base_.copy_(torch::tensor(values, at::kDouble));
  } catch (const nlohmann::json::exception& error) {
    throw InputError(std::string("sums of the checkpoint: ") + error.what());
  }
  sums_.zero_();
}

}  // namespace reel3d
