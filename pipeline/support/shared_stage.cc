// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/shared_stage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/timer.h"
#include "lib/lease/lease_folder.h"
#include "pipeline/support/ended_attempts.h"
#include "pipeline/support/sharing_state.h"
#include "pipeline/support/slice_order.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/stage_tasks.h"
#include "pipeline/support/stop_watcher.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kJoinedFile = "joined";
constexpr size_t kMostNamed = 3;
constexpr int kMostTries = 100;

void Sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

std::string SliceName(int slice) { return fmt::format("{:04}", slice); }

class SharedRun {
 public:
  explicit SharedRun(const SharedStage& stage)
      : stage_(stage),
        all_(stage.output.OfSlice(SliceOf(0))),
        folder_(stage.output.folder() / kLeasesFolder),
        leases_(folder_, LeaseTimes{stage.sharing.lease_timeout}),
        is_open_(static_cast<size_t>(stage.num_slices), true),
        order_(stage.num_slices) {
    RequireSameSlices();
    Reopen();
  }

  bool Run() {
    for (;;) {
      while (Pass()) {
        Sleep(leases_.times().Pause());
      }
      RequireNoneGivenUp();
      if (const std::optional<bool> is_whole = Conclude()) {
        return *is_whole;
      }
    }
  }

 private:
  TaskSlice SliceOf(int slice) const {
    TaskSlice own;
    own.task = slice;
    own.tasks = stage_.num_slices;
    return own;
  }

  // The file may vanish at any time: a task that has ended the stage removes the folder.
  void RequireSameSlices() const {
    constexpr double kPause_s = 0.02;
    const fs::path file = folder_ / kSlicesFile;
    for (int tries = 1;; ++tries, Sleep(kPause_s)) {
      WriteSlicesFile(file, tries);
      const int there = ReadNumSlices(folder_);
      if (there == stage_.num_slices) {
        return;
      }
      if (there != 0) {
        const bool has_less_work =
            stage_.num_slices < there && stage_.num_slices < stage_.sharing.slices;
        throw UsageError(fmt::format(
            "{} is shared in {} slices, and {} now gives {}: give {}, or remove {} when no task is "
            "at work there",
            stage_.output.folder().string(), there,
            has_less_work ? "this list of videos" : "--share-work", stage_.num_slices,
            has_less_work ? "the list of videos that the other tasks have"
                          : fmt::format("--share-work {}", there),
            folder_.string()));
      }
      if (tries == kMostTries) {
        throw InputError(
            fmt::format("{} holds no number of slices: remove {} when no task is at work there",
                        file.string(), folder_.string()));
      }
    }
  }

  void WriteSlicesFile(const fs::path& file, int tries) const {
    try {
      MakeFolders(folder_);
      WriteFirstFile(file, fmt::format("{}\n", stage_.num_slices));
    } catch (const Error&) {
      if (tries == kMostTries) {
        throw;
      }
    }
  }

  // Returns whether all slices are done, and keeps which are not. Throws a usage error if one that
  // was done is now done from other inputs.
  bool LookForOpen() {
    bool all_done = true;
    for (int slice = 0; slice < stage_.num_slices; ++slice) {
      const bool was_done = !is_open_[slice];
      is_open_[slice] = !all_.IsTaskDone(slice);
      all_done = all_done && !is_open_[slice];
      if (was_done && is_open_[slice] && all_.IsTaskOfOthers(slice)) {
        throw UsageError(fmt::format(
            "{}: a task with other inputs has meanwhile made slice {} again: tasks that share a "
            "folder need the same inputs (list of videos, checkpoint, shards), or each makes again "
            "what the other has made. End the tasks with the old inputs, and run the same command "
            "again",
            stage_.output.folder().string(), slice));
      }
    }
    return all_done;
  }

  // An unfinished folder has no DONE. Only the holder of the lease of those who join may remove it,
  // since the last slice may be joined at this moment.
  void Reopen() {
    const fs::path done = stage_.output.folder() / kDoneFile;
    const fs::path joined = folder_ / kJoinedFile;
    for (LookForOpen(); fs::exists(done) || fs::exists(joined); Sleep(leases_.times().Pause())) {
      const HeldLease lease(&stop_watcher_, &leases_, kJoinLease);
      if (!lease.is_held()) {
        continue;
      }
      const bool all_done = LookForOpen();
      if (all_done && stage_.output.IsDone() && OpenLost()) {
        WriteFileAtomically(done, ReadFile(done));  // make compares its time with the settings
        return;
      }
      const bool was_over = all_done && fs::exists(joined);
      fs::remove(done);
      fs::remove(joined);
      if (was_over) {
        OpenFailed();
      }
      return;
    }
  }

  // Opens the slices with failed items, to try these again.
  void OpenFailed() {
    for (int slice = 0; slice < stage_.num_slices; ++slice) {
      const fs::path done =
          FolderOfTask(stage_.output.folder(), slice, stage_.num_slices) / kDoneFile;
      if (ReadTaskDone(done).num_failed > 0) {
        fs::remove(done);
        is_open_[slice] = true;
      }
    }
  }

  // Opens the slices that have lost files since they were done. Returns false if there are any.
  bool OpenLost() {
    const std::vector<int> lost = stage_.find_lost ? stage_.find_lost() : std::vector<int>();
    for (const int slice : lost) {
      fs::remove(FolderOfTask(stage_.output.folder(), slice, stage_.num_slices) / kDoneFile);
      is_open_[slice] = true;
    }
    return lost.empty();
  }

  // Does each slice that is free. Returns whether others are still at work. Slices that have ended
  // a task come last: one of them may end this task too.
  bool Pass() {
    leases_.LookAtHeld();
    for (int count = 0; count < stage_.num_slices; ++count) {
      const int slice = order_.At(count);
      if (!is_open_[slice] || !leases_.IsFresh(SliceName(slice))) {
        continue;
      }
      if (all_.IsTaskDone(slice)) {  // meanwhile, by others: no reason to list the leases again
        is_open_[slice] = false;
        continue;
      }
      is_open_[slice] = !Try(slice);
      leases_.LookAtHeld();
      if (is_open_[slice] && order_.JumpOnce()) {
        count = -1;
      }
    }
    bool is_waiting = false;
    for (int slice = 0; slice < stage_.num_slices; ++slice) {
      if (is_open_[slice]) {
        is_open_[slice] = !Try(slice);
        is_waiting = is_waiting || is_open_[slice];
      }
    }
    return is_waiting;
  }

  // Returns false if another task is at work on the slice.
  bool Try(int slice) {
    if (all_.IsTaskDone(slice)) {
      return true;
    }
    HeldLease lease(&stop_watcher_, &leases_, SliceName(slice));
    if (!lease.is_held()) {
      return false;
    }
    if (all_.IsTaskDone(slice)) {
      return true;
    }
    const std::vector<LeaseState> ended = leases_.Ended(SliceName(slice));
    const std::vector<LeaseState> in_vain = InVain(ended);
    if (NumAtFault(in_vain) >= stage_.sharing.slice_attempts) {
      given_up_.push_back(
          fmt::format("slice {} (once it was {})", slice, DescribeTelling(in_vain)));
      first_given_up_ = first_given_up_.value_or(slice);
      return true;
    }
    try {
      Do(slice, lease.get(), ended.size());
    } catch (const std::exception& error) {
      lease.Fail(error.what());
      throw;
    }
    if (!ended.empty()) {
      leases_.ForgetEnded(SliceName(slice));
    }
    return true;
  }

  void Do(int slice, Lease* lease, size_t num_ended) {
    const StageOutput output = stage_.output.OfSlice(SliceOf(slice));
    WorkNotes notes(lease, num_ended > 0);
    SliceResult result = stage_.work({output, SliceOf(slice), &notes});
    result.report[kEndedAttempts] = num_ended;
    if (!lease->IsOurs() && all_.IsTaskDone(slice)) {
      return;  // this task stood still, and its successor's result may be joined already
    }
    output.FinishTask(result.report, result.failed,
                      {result.num_items, static_cast<int64_t>(result.failed.size()), 0});
    constexpr double kSayEvery_s = 10;
    if (since_said_.Seconds() >= kSayEvery_s) {
      since_said_ = {};
      LogInfo(fmt::format("slice {} of {} is done", slice, stage_.num_slices));
    }
  }

  void RequireNoneGivenUp() const {
    if (given_up_.empty()) {
      return;
    }
    const size_t more = given_up_.size() - std::min(given_up_.size(), kMostNamed);
    const std::vector<std::string> named(given_up_.begin(), given_up_.end() - more);
    throw EnvironmentError(fmt::format(
        "{}: given up after {} attempts without a finished item: {}{}; once the cause is mended, "
        "remove the records of these attempts, such as {}, and run the same command again",
        stage_.output.folder().string(), stage_.sharing.slice_attempts, fmt::join(named, "; "),
        more > 0 ? fmt::format(" and {} more", more) : "",
        (folder_ / (SliceName(*first_given_up_) + ".ended-*")).string()));
  }

  // Joins the reports, or finds that another task has done so. Returns nothing if a task that has
  // just started has opened slices again.
  std::optional<bool> Conclude() {
    const Tolerance sum = all_.SumOfTasks(stage_.max_failed_fraction);
    const std::string sums = FormatTaskDone({"sums", sum.num_items, sum.num_failed});
    bool is_whole = false;
    for (;; Sleep(leases_.times().Pause())) {
      is_whole = stage_.output.IsDone();
      if (is_whole || (sum.IsOver() && JoinedSums() == sums)) {
        break;
      }
      const HeldLease lease(&stop_watcher_, &leases_, kJoinLease);
      if (lease.is_held() && !stage_.output.IsDone()) {
        if (!LookForOpen() || !OpenLost()) {
          return std::nullopt;
        }
        // A task with other inputs may have written one, and the result may be refused.
        fs::remove(stage_.output.folder() / kDoneFile);
        is_whole = JoinOnce(sums);
        break;
      }
    }
    if (is_whole) {
      std::error_code another_does;
      fs::remove_all(folder_, another_does);
    }
    return is_whole;
  }

  // If the result is refused, the same command tries the failed items again.
  bool JoinOnce(const std::string& sums) {
    bool is_whole = false;
    try {
      is_whole = all_.JoinReports(stage_.max_failed_fraction);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInput) {
        WriteFileAtomically(folder_ / kJoinedFile, sums);
      }
      throw;
    }
    if (!is_whole) {
      WriteFileAtomically(folder_ / kJoinedFile, sums);
    }
    return is_whole;
  }

  std::string JoinedSums() const {
    try {
      return ReadFile(folder_ / kJoinedFile, 4096);
    } catch (const Error&) {
      return "";
    }
  }

  const SharedStage& stage_;
  const StageOutput all_;
  const fs::path folder_;
  LeaseFolder leases_;
  StopWatcher stop_watcher_;
  std::vector<char> is_open_;
  SliceOrder order_;
  std::vector<std::string> given_up_;
  std::optional<int> first_given_up_;
  Stopwatch since_said_;
};

}  // namespace

bool RunSharedStage(const SharedStage& stage) { return SharedRun(stage).Run(); }

}  // namespace reel3d
