// What the main loop of a rank is doing at this moment, and how long it has spent on what.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "lib/base/timer.h"

namespace reel3d {

// On a GPU these are times of the host, which runs ahead of it.
enum class Phase {
  kStart,       // everything before the first step
  kData,        // waiting for the loader to read and decode
  kCopy,        // to the device, and to numbers
  kForward,     //
  kBackward,    // of this rank's clips; the ranks' average is formed meanwhile
  kOtherRanks,  // waiting for them: the rest of the average, agreements
  kUpdate,      // of the weights
  kValidate,    //
  kSave,        //
};
constexpr size_t kNumPhases = static_cast<size_t>(Phase::kSave) + 1;

// "waiting for data", "backward".
const char* PhaseName(Phase phase);

using PhaseSeconds = std::array<double, kNumPhases>;

inline double& In(PhaseSeconds& seconds, Phase phase) {
  return seconds[static_cast<size_t>(phase)];
}
inline double In(const PhaseSeconds& seconds, Phase phase) {
  return seconds[static_cast<size_t>(phase)];
}
double Total(const PhaseSeconds& seconds);
PhaseSeconds operator-(PhaseSeconds a, const PhaseSeconds& b);

// All of it from any thread.
class PhaseClock {
 public:
  // From here on the loop is in `phase` of its `step`-th step.
  void Enter(Phase phase, int64_t step);

  // Spent in each until now.
  PhaseSeconds Seconds() const;

  struct Place {
    Phase phase = Phase::kStart;
    int64_t step = 0;
    double for_s = 0;         // how long it has been there
    int64_t num_entered = 0;  // differs if the loop has moved on
  };
  Place Now() const;

 private:
  mutable std::mutex mutex_;
  PhaseSeconds seconds_{};
  Place place_;
  Stopwatch clock_;  // since place_ was entered
};

}  // namespace reel3d
