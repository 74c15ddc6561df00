// SPDX-License-Identifier: Apache-2.0
#include "lib/train/phase_clock.h"

#include <numeric>

namespace reel3d {

const char* PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kStart:
      return "starting";
    case Phase::kData:
      return "waiting for data";
    case Phase::kCopy:
      return "copying clips to the device";
    case Phase::kForward:
      return "forward";
    case Phase::kBackward:
      return "backward";
    case Phase::kOtherRanks:
      return "waiting for other ranks";
    case Phase::kUpdate:
      return "updating weights";
    case Phase::kValidate:
      return "validating";
    case Phase::kSave:
      break;
  }
  return "saving a checkpoint";
}

double Total(const PhaseSeconds& seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

PhaseSeconds operator-(PhaseSeconds a, const PhaseSeconds& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] -= b[i];
  }
  return a;
}

void PhaseClock::Enter(Phase phase, int64_t step) {
  const std::lock_guard<std::mutex> lock(mutex_);
  In(seconds_, place_.phase) += clock_.Seconds();
  clock_ = Stopwatch();
  place_.phase = phase;
  place_.step = step;
  ++place_.num_entered;
}

PhaseSeconds PhaseClock::Seconds() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  PhaseSeconds seconds = seconds_;
  In(seconds, place_.phase) += clock_.Seconds();
  return seconds;
}

PhaseClock::Place PhaseClock::Now() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  Place place = place_;
  place.for_s = clock_.Seconds();
  return place;
}

}  // namespace reel3d
