// SPDX-License-Identifier: Apache-2.0
#include "lib/video/frame_clock.h"

namespace reel3d {

double FrameClock::Next(double raw_s) {
  const double said_s = raw_s + offset_s_;
  const bool goes_back = said_s < last_s_ - kMostDisorder * step_s_;
  const bool leaps = leaps_ && said_s > last_s_ + kLongestGap_s;
  const bool fault = any_ && (goes_back || leaps);
  if (fault) {
    offset_s_ += last_s_ + step_s_ - said_s;
    first_fault_s_ = num_faults_ == 0 ? last_s_ + step_s_ : first_fault_s_;
    ++num_faults_;
  }
  any_ = true;
  last_s_ = raw_s + offset_s_;
  return last_s_;
}

}  // namespace reel3d
