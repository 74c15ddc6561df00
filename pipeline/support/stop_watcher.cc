// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/stop_watcher.h"

#include <chrono>
#include <cstdlib>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/stop_signal.h"

namespace reel3d {

StopWatcher::StopWatcher() {
  CatchStopSignals();
  watching_ = std::thread([this] { Watch(); });
}

StopWatcher::~StopWatcher() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_ending_ = true;
  }
  watching_.join();
}

void StopWatcher::Watch() {
  constexpr std::chrono::milliseconds kPause(100);
  for (;; std::this_thread::sleep_for(kPause)) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_ending_) {
      return;
    }
    if (StopRequested()) {
      if (lease_ != nullptr) {
        lease_->GiveBack();
      }
      LogInfo("stopped by a request; its slice is free for others, and the same command goes on");
      std::quick_exit(kExitStoppedEarly);  // ScratchFolder removes its folder then
    }
  }
}

HeldLease::HeldLease(StopWatcher* watcher, LeaseFolder* folder, const std::string& name)
    : watcher_(watcher) {
  const std::lock_guard<std::mutex> lock(watcher_->mutex_);
  lease_ = folder->Take(name);
  watcher_->lease_ = lease_.get();
}

HeldLease::~HeldLease() {
  const std::lock_guard<std::mutex> lock(watcher_->mutex_);
  watcher_->lease_ = nullptr;
  lease_.reset();
}

void HeldLease::Fail(const std::string& why) {
  const std::lock_guard<std::mutex> lock(watcher_->mutex_);
  watcher_->lease_ = nullptr;
  lease_->Fail(why);
}

}  // namespace reel3d
