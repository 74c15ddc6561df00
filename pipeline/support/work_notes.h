// Keeps notes of the items that a task of a shared stage works on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "lib/lease/lease.h"

namespace reel3d {

// Keeps which items a task works on, and writes them into the lease of its slice. So others can
// name the item on which the task has died. Without a lease nothing is written.
class WorkNotes {
 public:
  WorkNotes() = default;
  // `at_once`: every change is written at once, because the slice has ended a task before.
  WorkNotes(Lease* lease, bool at_once) : lease_(lease), at_once_(at_once) {}

  // Any thread may call these.
  void Begin(const std::string& id);
  void End(const std::string& id);
  void CountFinished();
  // Returns false if another task has taken the slice over.
  bool IsOurs() const;

 private:
  void Write();

  Lease* lease_ = nullptr;
  bool at_once_ = false;
  std::mutex mutex_;
  std::multiset<std::string> at_work_;
  int64_t num_finished_ = 0;
};

}  // namespace reel3d
