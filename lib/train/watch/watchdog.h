// Ends a run that hangs and reports where. Two threads per rank write its heartbeat and watch
// whether its main loop makes progress.
//
// A rank whose loop does not progress reads the heartbeats of all ranks. If its own work blocks the
// others, it reports that with the stacks of its threads. Otherwise it names the blocking rank,
// because a rank that is stopped, or whose machine is gone, cannot report itself. In both cases all
// ranks end, with status 4.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "lib/dist/world.h"
#include "lib/train/watch/heartbeat.h"
#include "lib/train/watch/phase_clock.h"

namespace reel3d {

class Watchdog {
 public:
  // Starts watching; with `timeout_s` 0 it does nothing. Every rank must see `folder`, which is
  // created, and removed after a run that ends well. `phases` and `world` must outlive this object.
  Watchdog(const PhaseClock& phases, const World& world, std::filesystem::path folder,
           double timeout_s);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // While this object lives, beats contain what `describe` returns, such as the videos being
  // loaded. Other threads call `describe`.
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
  // There are two threads, so that watching continues if the file system hangs while a beat is
  // written.
  std::thread beating_, watching_;
};

}  // namespace reel3d
