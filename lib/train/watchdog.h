// Ends a run that hangs, and says who hangs where: threads of each rank that leave its heartbeat
// and look whether the main loop moves on.
//
// A rank that does not move on reads the heartbeats of all. If it is its own work that holds the
// others up, it says so, with the stacks of its threads; if not, it names who does: a rank that is
// stopped, or on a machine that is gone, says nothing itself. Either way all ranks end, with status
// 4.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "lib/dist/world.h"
#include "lib/train/heartbeat.h"
#include "lib/train/phase_clock.h"

namespace reel3d {

class Watchdog {
 public:
  // Watches from here on; `timeout_s` 0: nothing at all. `folder` is one that every rank sees; it
  // is made, and gone again after a run that ends well. `phases` and `world` must outlive this.
  Watchdog(const PhaseClock& phases, const World& world, std::filesystem::path folder,
           double timeout_s);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // While this lives, beats tell what `describe` returns: which videos are in hand. It is called
  // from other threads.
  class Work {
   public:
    Work(Watchdog& watchdog, std::function<std::string()> describe);
    ~Work();
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

   private:
    Watchdog& watchdog_;
  };

 private:
  Beat Now() const;
  bool Sleep(double seconds);
  void LeaveBeats();
  void Watch();
  Blame FindWhoHangs();
  bool AwaitTurn(const Blame& blame);
  void EndIfHanging();

  const PhaseClock& phases_;
  const World& world_;
  const std::filesystem::path folder_;
  const double timeout_s_, interval_s_;

  mutable std::mutex work_mutex_;
  std::function<std::string()> work_;

  std::mutex stop_mutex_;
  std::condition_variable stop_wake_;
  bool stop_ = false;
  // Two, so that a file system that hangs while a beat is written does not silence the other.
  std::thread beating_, watching_;
};

}  // namespace reel3d
