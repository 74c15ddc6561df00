// SPDX-License-Identifier: Apache-2.0
#include "lib/train/watch/watchdog.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/stack_dump.h"
#include "lib/base/wall_clock.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Removes the beats of ranks above those of this world. They were killed before this start, which
// has fewer ranks, so no rank writes these files again.
void RemoveBeatsBeyond(const fs::path& folder, int num_ranks) {
  std::vector<fs::path> old;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (RankOfBeats(entry->path().filename().string()).value_or(-1) >= num_ranks) {
      old.push_back(entry->path());
    }
  }
  for (const fs::path& file : old) {
    fs::remove(file, error);
  }
}

}  // namespace

Watchdog::Watchdog(const PhaseClock& phases, const World& world, fs::path folder, double timeout_s)
    : phases_(phases),
      world_(world),
      folder_(std::move(folder)),
      timeout_s_(timeout_s),
      interval_s_(std::clamp(timeout_s / 10, 0.1, 1.0)) {
  if (timeout_s_ > 0) {
    MakeFolders(folder_);
    if (world_.is_main()) {
      RemoveBeatsBeyond(folder_, world_.size());
    }
    beating_ = std::thread([this] { LeaveBeats(); });
    watching_ = std::thread([this] { Watch(); });
  }
}

Watchdog::~Watchdog() {
  if (timeout_s_ <= 0) {
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(stop_mutex_);
    stop_ = true;
  }
  stop_wake_.notify_all();
  beating_.join();
  watching_.join();
  std::error_code ignored;
  fs::remove(folder_ / fmt::format("rank-{}", world_.rank()), ignored);
  fs::remove(folder_, ignored);  // only the last rank succeeds: the folder must be empty
}

Watchdog::Work::Work(Watchdog& watchdog, std::function<std::string()> describe)
    : watchdog_(watchdog) {
  const std::lock_guard<std::mutex> lock(watchdog_.work_mutex_);
  watchdog_.work_ = std::move(describe);
}

Watchdog::Work::~Work() {
  const std::lock_guard<std::mutex> lock(watchdog_.work_mutex_);
  watchdog_.work_ = nullptr;
}

Beat Watchdog::Now() const {
  const PhaseClock::Place place = phases_.Now();
  Beat beat;
  beat.host = world_.host();
  beat.step = place.step;
  beat.phase = PhaseName(place.phase);
  beat.waiting = place.phase == Phase::kOtherRanks;
  beat.may_wait = place.phase == Phase::kStart || place.phase == Phase::kCopy ||
                  place.phase == Phase::kForward || place.phase == Phase::kBackward ||
                  place.phase == Phase::kUpdate || place.phase == Phase::kValidate;
  beat.since_s = SecondsSince1970() - place.for_s;
  beat.for_s = place.for_s;
  const std::lock_guard<std::mutex> lock(work_mutex_);
  beat.work = work_ ? work_() : "";
  return beat;
}

// Returns false if the watchdog ends.
bool Watchdog::Sleep(double seconds) {
  std::unique_lock<std::mutex> lock(stop_mutex_);
  return !stop_wake_.wait_for(lock, std::chrono::duration<double>(seconds),
                              [this] { return stop_; });
}

void Watchdog::LeaveBeats() {
  int64_t count = 0;
  do {
    Beat beat = Now();
    beat.count = count++;
    WriteBeat(folder_, world_.rank(), beat);
  } while (Sleep(interval_s_));
}

void Watchdog::Watch() {
  while (Sleep(interval_s_)) {
    if (phases_.Now().for_s > timeout_s_) {
      EndIfHanging();
    }
  }
}

// Returns an empty reason if nobody hangs, or the run ends meanwhile.
Blame Watchdog::FindWhoHangs() {
  constexpr double kMostRead_s = 3;
  std::vector<Beat> before = ReadBeats(folder_, world_.size(), kMostRead_s);
  if (!before.empty() && !Sleep(3 * interval_s_)) {
    return {};
  }
  std::vector<Beat> after;
  if (!before.empty()) {
    after = ReadBeats(folder_, world_.size(), kMostRead_s);
  }
  if (after.empty()) {
    const std::string reason = folder_.string() + " cannot be read: its file system hangs";
    return Now().waiting ? Blame{reason, std::nullopt} : Blame{reason, world_.rank()};
  }
  // The present state of this rank is newer than its file.
  const auto own = static_cast<size_t>(world_.rank());
  before[own] = after[own] = Now();
  before[own].count = 0;
  after[own].count = 1;
  const Blame blame = FindBlame(before, after, timeout_s_);
  return blame.rank == world_.rank() || AwaitTurn(blame) ? blame : Blame{};
}

// Waits for this rank's turn. All ranks find the same rank to blame, and the first report ends all
// ranks. So the blamed rank reports first and has time to print its stacks. The other ranks, which
// can only name that rank, follow one after the other. Returns false if the watchdog ends.
bool Watchdog::AwaitTurn(const Blame& blame) {
  constexpr double kTurn_s = 1.5, kOfStacks_s = 5;
  constexpr int kMostTurns = 3;
  return Sleep(kTurn_s * std::min(kMostTurns, world_.rank()) + (blame.rank ? kOfStacks_s : 0));
}

void Watchdog::EndIfHanging() {
  const int64_t entered = phases_.Now().num_entered;
  const Blame blame = FindWhoHangs();
  if (blame.reason.empty()) {
    return;
  }
  const bool is_own = blame.rank == world_.rank();
  if (phases_.Now().num_entered != entered || !Sleep(0)) {
    return;  // the loop has moved on after all
  }
  LogError(fmt::format("rank {} of {} on {} does not move on (--stall-timeout {:g}): {}",
                       world_.rank(), world_.size(), world_.host(), timeout_s_,
                       Describe(Now()) + (is_own ? "" : ": " + blame.reason)));
  if (is_own) {
    DumpStacks();
  }
  world_.Abort(kExitEnvironment);
}

}  // namespace reel3d
