// Gives a lease back when the process is asked to stop, at whatever point of its work.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "lib/lease/lease.h"
#include "lib/lease/lease_folder.h"

namespace reel3d {

// While it lives, a request to stop (lib/base/stop_signal) ends the process with kExitStoppedEarly,
// and gives back the lease that it holds.
class StopWatcher {
 public:
  StopWatcher();
  ~StopWatcher();
  StopWatcher(const StopWatcher&) = delete;
  StopWatcher& operator=(const StopWatcher&) = delete;

 private:
  friend class HeldLease;
  void Watch();

  std::mutex mutex_;  // held while a lease is taken or ends, so that the watcher knows each lease
  Lease* lease_ = nullptr;
  bool is_ending_ = false;
  std::thread watching_;
};

// Holds a lease that the watcher knows, from its first moment to its last; one at a time.
class HeldLease {
 public:
  // Takes the lease, as LeaseFolder::Take() does.
  HeldLease(StopWatcher* watcher, LeaseFolder* folder, const std::string& name);
  ~HeldLease();
  HeldLease(const HeldLease&) = delete;
  HeldLease& operator=(const HeldLease&) = delete;

  bool is_held() const { return lease_ != nullptr; }
  Lease* get() const { return lease_.get(); }
  // Gives the lease back as Lease::Fail() does.
  void Fail(const std::string& why);

 private:
  StopWatcher* const watcher_;
  std::unique_ptr<Lease> lease_;
};

}  // namespace reel3d
