// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/checkpoint_saver.h"

#include <fmt/format.h>

#include <utility>

#include "lib/base/error.h"
#include "lib/base/log.h"

namespace reel3d {

std::function<double()> CheckpointSaver::Clock() {
  return [watch = Stopwatch()] { return watch.Seconds(); };
}

CheckpointSaver::CheckpointSaver(SaveRules rules, std::function<double()> clock_s)
    : rules_(rules), clock_s_(std::move(clock_s)), since_s_(clock_s_()) {}

bool CheckpointSaver::IsDue(int64_t step) const {
  constexpr double kTryAgain_s = 60;
  const double limit_s = refused_ ? kTryAgain_s : rules_.every_s;
  return (rules_.every_steps > 0 && step % rules_.every_steps == 0) ||
         (limit_s > 0 && clock_s_() - since_s_ > limit_s);
}

void CheckpointSaver::Begin(int64_t step, std::function<void()> write) {
  REEL3D_CHECK(!is_saving_);
  if (write) {
    writing_ = std::async(std::launch::async, std::move(write));
  }
  is_saving_ = true;
  step_ = step;
  since_s_ = clock_s_();
}

SaveOutcome CheckpointSaver::Poll() {
  return IsStuck(std::chrono::milliseconds(0)) ? SaveOutcome::kNone : Await();
}

SaveOutcome CheckpointSaver::Await(bool is_last) {
  if (!writing_.valid()) {
    return SaveOutcome::kNone;
  }
  try {
    writing_.get();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kEnvironment || is_last) {
      throw;
    }
    LogWarn(fmt::format("no checkpoint of step {}: {}; training goes on and tries again soon",
                        step_, error.what()));
    return SaveOutcome::kRefused;
  }
  return SaveOutcome::kSaved;
}

bool CheckpointSaver::IsStuck(std::chrono::milliseconds grace) const {
  return writing_.valid() && writing_.wait_for(grace) != std::future_status::ready;
}

void CheckpointSaver::End(bool refused) {
  is_saving_ = false;
  refused_ = refused;
  if (refused) {
    since_s_ = clock_s_();
  }
}

}  // namespace reel3d
