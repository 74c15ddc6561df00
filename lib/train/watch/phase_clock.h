// Records what the main loop of a rank is doing, and how much time it has spent in each phase.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include "lib/base/timer.h"

namespace reel3d {

// The phases of the main loop. With a GPU, these are phases of the host, which runs ahead of the
// GPU.
enum class Phase {
  kStart,       // everything before the first step
  kData,        // waiting for the loader to read and decode
  kCopy,        // copying clips to the device and converting them
  kForward,     // the network on this rank's clips
  kBackward,    // the network's gradients, which are averaged meanwhile
  kOtherRanks,  // waiting for the end of the averaging, or at agreements
  kUpdate,      // changing the weights
  kValidate,    // the validation, and --precise-bn
  kSave,        // a checkpoint, or the lines of the logs
};
constexpr size_t kNumPhases = static_cast<size_t>(Phase::kSave) + 1;

// Returns a name such as "waiting for data" or "backward".
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

// Any thread may call all methods.
class PhaseClock {
 public:
  // Tells the clock that the loop is now in `phase`.
  void Enter(Phase phase);
  // Tells the clock that the loop works on step `step` from the next phase on.
  void SetStep(int64_t step);

  // While this object exists, all time counts as `phase`, even if Enter() names other phases: a
  // validation consists of the same work as training.
  class Whole {
   public:
    Whole(PhaseClock& clock, Phase phase);
    ~Whole();
    Whole(const Whole&) = delete;
    Whole& operator=(const Whole&) = delete;

   private:
    PhaseClock& clock_;
  };

  // Returns the seconds spent in each phase so far.
  PhaseSeconds Seconds() const;

  struct Place {
    Phase phase = Phase::kStart;
    int64_t step = 0;
    double for_s = 0;         // seconds in this phase
    int64_t num_entered = 0;  // changes when the loop moves on
  };
  Place Now() const;

 private:
  mutable std::mutex mutex_;
  PhaseSeconds seconds_{};
  Place place_;
  int64_t step_ = 0;            // of the next phase
  std::optional<Phase> whole_;  // replaces every phase that Enter() names
  Stopwatch clock_;             // since place_ was entered
};

}  // namespace reel3d
