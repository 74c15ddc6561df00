// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/step_guard.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {

StepGuard::StepGuard(const BadStepOptions& options, std::vector<at::Tensor> buffers)
    : options_(options), buffers_(std::move(buffers)) {}

void StepGuard::BeginStep() {
  buffers_before_.clear();
  if (options_.action != BadStepAction::kStop) {
    for (const at::Tensor& buffer : buffers_) {
      buffers_before_.push_back(buffer.clone());
    }
  }
}

StepVerdict StepGuard::Judge(const at::Tensor& figures, Position& position) {
  const at::NoGradGuard no_grad;
  at::Tensor is_bad = figures.isfinite().all().logical_not();
  if (options_.norm > 0) {
    is_bad = is_bad.logical_or(figures[1] > options_.norm);
  }
  if (!first_bad_.defined()) {
    first_bad_ = at::full({4}, -1, figures.options());
  }
  const at::Tensor step = at::full({1}, static_cast<double>(position.step), figures.options());
  first_bad_ =
      at::where(is_bad.logical_and(first_bad_[0] < 0), at::cat({step, figures}), first_bad_);
  if (options_.action == BadStepAction::kStop) {
    // This check costs nothing on a CPU.
    return !figures.is_cuda() && FindBadStep() ? StepVerdict::kEnd : StepVerdict::kTake;
  }
  if (!FindBadStep()) {
    position.bad_in_row = 0;
    return StepVerdict::kTake;
  }
  first_bad_.fill_(-1);  // this bad step is dealt with
  ++position.num_bad;
  ++position.bad_in_row;
  if (position.bad_in_row >= kMostBadInRow) {
    return StepVerdict::kEnd;
  }
  return options_.action == BadStepAction::kRollBack ? StepVerdict::kRollBack
                                                     : StepVerdict::kLeaveOut;
}

bool StepGuard::FindBadStep() {
  if (!first_bad_.defined()) {
    return false;
  }
  const at::Tensor found = first_bad_.to(at::kCPU);
  const auto value = [&](int i) { return found[i].item<double>(); };
  if (value(0) < 0) {
    return false;
  }
  last_ = {static_cast<int64_t>(value(0)), value(1), value(2), value(3)};
  return true;
}

void StepGuard::UndoForward() {
  const at::NoGradGuard no_grad;
  REEL3D_CHECK(buffers_before_.size() == buffers_.size());
  for (size_t i = 0; i < buffers_.size(); ++i) {
    buffers_[i].copy_(buffers_before_[i]);
  }
}

std::string Describe(const BadStep& bad, int64_t steps_in_epoch,
                     const std::vector<std::string>& video_ids) {
  return fmt::format(
      "step {} in epoch {}: loss {:.4g}, gradient norm {:.4g}{}, clips of {}", bad.step + 1,
      bad.step / steps_in_epoch + 1, bad.loss, bad.gradient_norm,
      std::isfinite(bad.statistics_norm) ? "" : ", batch norm's statistics no numbers",
      fmt::join(video_ids, ", "));
}

}  // namespace reel3d
