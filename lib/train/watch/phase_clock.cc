// SPDX-License-Identifier: Apache-2.0
#include "lib/train/watch/phase_clock.h"

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

void PhaseClock::Enter(Phase phase) {
  const std::lock_guard<std::mutex> lock(mutex_);
  In(seconds_, place_.phase) += clock_.Seconds();
  clock_ = Stopwatch();
  place_.phase = whole_.value_or(phase);
  place_.step = step_;
  ++place_.num_entered;
}

void PhaseClock::SetStep(int64_t step) {
  const std::lock_guard<std::mutex> lock(mutex_);
  step_ = step;
}

PhaseClock::Whole::Whole(PhaseClock& clock, Phase phase) : clock_(clock) {
  {
    const std::lock_guard<std::mutex> lock(clock_.mutex_);
    clock_.whole_ = phase;
  }
  clock_.Enter(phase);
}

PhaseClock::Whole::~Whole() {
  const std::lock_guard<std::mutex> lock(clock_.mutex_);
  clock_.whole_.reset();
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
