// A folder of leases, through which processes on any hosts share pieces of work. It needs neither
// locks of the file system nor equal clocks.
//
//   <name>.lease          a lease that is held (lib/lease/lease_state.h)
//   <name>.ended-<token>  a lease whose holder ended without having finished its work
//
// A lease is taken by creating its file exclusively. It is stale if its process is gone (judged on
// the same machine), or if its text has not changed for `stale_s` by the observer's own clock.
// Whoever renames a stale lease to a new name may take the lease anew; a rename has one winner.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/timer.h"
#include "lib/lease/lease.h"
#include "lib/lease/lease_state.h"

namespace reel3d {

struct LeaseTimes {
  double stale_s = 60;                           // a holder without a beat for so long is gone
  double Beat() const { return stale_s / 6; }    // seconds between beats
  double Pause() const { return stale_s / 60; }  // seconds after which others look again
};

// Use it from one thread.
class LeaseFolder {
 public:
  // Makes the folder; its parent must exist. `names` of leases have no dots.
  LeaseFolder(std::filesystem::path folder, LeaseTimes times);

  // Takes the lease if it is free or stale. Returns nothing if another process has it, and has been
  // seen alive. Whether a lease is stale becomes known only by calling this again and again, at
  // most `stale_s` / 4 apart. Throws an environment error if no file can be made.
  std::unique_ptr<Lease> Take(const std::string& name);

  // Lists the folder once. Take() then knows sooner which leases of others are stale, and IsFresh()
  // which ones anybody has taken.
  void LookAtHeld();

  // Returns whether, at the last LookAtHeld(), nobody held the lease and no holder had ended
  // without having finished. Before the first one every lease is fresh.
  bool IsFresh(const std::string& name) const { return taken_.count(name) == 0; }

  // Returns what the earlier holders stated that ended without having finished.
  std::vector<LeaseState> Ended(const std::string& name) const;
  // Removes the records of earlier holders, once the work is finished.
  void ForgetEnded(const std::string& name) const;

  const LeaseTimes& times() const { return times_; }

 private:
  // Keeps what has been seen of another holder.
  struct Watch {
    std::string text;
    double unchanged_s = 0;
    Stopwatch since_look;
  };

  std::filesystem::path FileOf(const std::string& name) const;
  std::unique_ptr<Lease> Create(const std::string& name) const;
  bool IsStale(const std::string& name, const std::string& text);
  bool MoveAside(const std::string& name, const std::string& judged) const;

  const std::filesystem::path folder_;
  const LeaseTimes times_;
  std::map<std::string, Watch> watches_;
  std::set<std::string> taken_;  // those with a file
};

// These return the names of the leases in `folder` that are held, and those of which a holder ended
// without having finished, with its state. They are sorted by name; none if the folder is absent.
std::vector<std::string> HeldLeases(const std::filesystem::path& folder);
std::vector<std::pair<std::string, LeaseState>> EndedLeases(const std::filesystem::path& folder);

}  // namespace reel3d
