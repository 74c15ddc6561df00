// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/shared_stage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/stop_signal.h"
#include "lib/base/timer.h"
#include "lib/lease/lease_folder.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/stage_tasks.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLeases = "leases";
constexpr const char* kSlicesFile = "slices";
constexpr const char* kJoinedFile = "joined";
constexpr const char* kJoinLease = "join";
constexpr size_t kMostNamed = 3;

void Sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// Ends the process when it is asked to stop, and gives back the lease that it holds.
class StopWatcher {
 public:
  StopWatcher() {
    CatchStopSignals();
    watching_ = std::thread([this] { Watch(); });
  }
  ~StopWatcher() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_ending_ = true;
    }
    watching_.join();
  }
  StopWatcher(const StopWatcher&) = delete;
  StopWatcher& operator=(const StopWatcher&) = delete;

  void Hold(Lease* lease) {
    const std::lock_guard<std::mutex> lock(mutex_);
    lease_ = lease;
  }

 private:
  void Watch() {
    constexpr double kPause_s = 0.1;
    for (;; Sleep(kPause_s)) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (is_ending_) {
        return;
      }
      if (StopRequested()) {
        if (lease_ != nullptr) {
          lease_->GiveBack();
        }
        LogInfo("stopped by a request; its slice is free for others, and the same command goes on");
        std::_Exit(kExitStoppedEarly);
      }
    }
  }

  std::mutex mutex_;
  Lease* lease_ = nullptr;
  bool is_ending_ = false;
  std::thread watching_;
};

std::string SliceName(int slice) { return fmt::format("{:04}", slice); }

// Says how an attempt ended, for people.
std::string DescribeEnd(const LeaseState& ended) {
  std::string text = NameProcess(ended.holder);
  text += ended.at.empty() ? "" : ", at work on " + ended.at;
  return text + (ended.fault.empty() ? ", was killed or lost" : ": " + ended.fault);
}

// Returns the attempts that ended without having finished an item. Others got further than those
// before them.
std::vector<LeaseState> InVain(const std::vector<LeaseState>& ended) {
  std::vector<LeaseState> in_vain;
  for (const LeaseState& attempt : ended) {
    if (attempt.num_finished == 0) {
      in_vain.push_back(attempt);
    }
  }
  return in_vain;
}

// Describes the attempt that says most about the cause. The first attempt may not have named the
// item, because it wrote its notes only at its beats.
std::string DescribeTelling(const std::vector<LeaseState>& ended) {
  const auto tells = [](const LeaseState& attempt) {
    return (attempt.at.empty() ? 0 : 2) + (attempt.fault.empty() ? 0 : 1);
  };
  return DescribeEnd(*std::max_element(
      ended.begin(), ended.end(),
      [&](const LeaseState& a, const LeaseState& b) { return tells(a) < tells(b); }));
}

// Returns the number of slices that the file states; 0 if it states none.
int ReadNumSlices(const fs::path& file) {
  std::string text;
  try {
    text = ReadFile(file, 64);
  } catch (const Error&) {
    return 0;
  }
  int slices = 0;
  std::from_chars(text.data(), text.data() + text.size(), slices);
  return slices >= 1 && slices <= kMostTasks ? slices : 0;
}

class SharedRun {
 public:
  explicit SharedRun(const SharedStage& stage)
      : stage_(stage),
        all_(stage.output.OfSlice(SliceOf(0))),
        folder_(stage.output.folder() / kLeases),
        leases_(folder_, LeaseTimes{stage.sharing.lease_timeout}),
        is_open_(static_cast<size_t>(stage.num_slices), true) {
    RequireSameSlices();
    Reopen();
  }

  bool Run() {
    while (Pass()) {
      Sleep(leases_.times().Pause());
    }
    RequireNoneGivenUp();
    return Conclude();
  }

 private:
  TaskSlice SliceOf(int slice) const {
    TaskSlice own;
    own.task = slice;
    own.tasks = stage_.num_slices;
    return own;
  }

  void RequireSameSlices() const {
    const fs::path file = folder_ / kSlicesFile;
    if (WriteSlicesFile(file)) {
      return;
    }
    const int there = ReadNumSlices(file);
    if (there != stage_.num_slices) {
      throw UsageError(fmt::format(
          "{} is shared in {} slices, and --share-work now gives {}: give --share-work "
          "{}, or remove {} when no task is at work there",
          stage_.output.folder().string(), there, stage_.num_slices, there, folder_.string()));
    }
  }

  bool WriteSlicesFile(const fs::path& file) const {
    const std::string text = fmt::format("{}\n", stage_.num_slices);
    try {
      return WriteFirstFile(file, text);
    } catch (const Error&) {  // a task that has ended the stage removes the folder
      MakeFolders(folder_);
      return WriteFirstFile(file, text);
    }
  }

  // An unfinished folder has no DONE. A task that starts late must not remove it.
  void Reopen() {
    bool all_done = true;
    for (int slice = 0; slice < stage_.num_slices; ++slice) {
      is_open_[slice] = !all_.IsTaskDone(slice);
      all_done = all_done && !is_open_[slice];
    }
    if (!all_done) {
      std::error_code ignored;
      fs::remove(stage_.output.folder() / kDoneFile, ignored);
      fs::remove(folder_ / kJoinedFile, ignored);
    }
  }

  // Does each slice that is free. Returns whether others are still at work. Slices that have ended
  // a task come last: one of them may end this task too.
  bool Pass() {
    for (int slice = 0; slice < stage_.num_slices; ++slice) {
      if (is_open_[slice] && leases_.IsFresh(SliceName(slice))) {
        is_open_[slice] = !Try(slice);
        leases_.LookAtHeld();
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
    const std::unique_ptr<Lease> lease = leases_.Take(SliceName(slice));
    if (!lease) {
      return false;
    }
    if (all_.IsTaskDone(slice)) {
      return true;
    }
    const std::vector<LeaseState> ended = leases_.Ended(SliceName(slice));
    const std::vector<LeaseState> in_vain = InVain(ended);
    if (static_cast<int>(in_vain.size()) >= stage_.sharing.slice_attempts) {
      given_up_.push_back(
          fmt::format("slice {} (once it was {})", slice, DescribeTelling(in_vain)));
      first_given_up_ = first_given_up_.value_or(slice);
      return true;
    }
    stop_watcher_.Hold(lease.get());
    try {
      Do(slice, lease.get(), !ended.empty());
    } catch (const std::exception& error) {
      stop_watcher_.Hold(nullptr);
      lease->Fail(error.what());
      throw;
    }
    stop_watcher_.Hold(nullptr);
    if (!ended.empty()) {
      leases_.ForgetEnded(SliceName(slice));
    }
    return true;
  }

  void Do(int slice, Lease* lease, bool has_ended_before) {
    const StageOutput output = stage_.output.OfSlice(SliceOf(slice));
    WorkNotes notes(lease, has_ended_before);
    const SliceResult result = stage_.work({output, SliceOf(slice), &notes});
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

  // Joins the reports, or finds that another task has done so.
  bool Conclude() {
    const fs::path done = stage_.output.folder() / kDoneFile;
    const Tolerance sum = all_.SumOfTasks(stage_.max_failed_fraction);
    const std::string sums = FormatTaskDone({"sums", sum.num_items, sum.num_failed});
    bool is_whole = false;
    for (;; Sleep(leases_.times().Pause())) {
      is_whole = fs::exists(done);
      if (is_whole || (sum.IsOver() && JoinedSums() == sums)) {
        break;
      }
      const std::unique_ptr<Lease> lease = leases_.Take(kJoinLease);
      if (lease && !fs::exists(done)) {
        is_whole = all_.JoinReports(stage_.max_failed_fraction);
        if (!is_whole) {
          WriteFileAtomically(folder_ / kJoinedFile, sums);
        }
        break;
      }
    }
    if (is_whole) {
      std::error_code another_does;
      fs::remove_all(folder_, another_does);
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
  std::vector<std::string> given_up_;
  std::optional<int> first_given_up_;
  Stopwatch since_said_;
};

}  // namespace

void WorkNotes::Begin(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  at_work_.insert(id);
  Write();
}

void WorkNotes::End(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto place = at_work_.find(id);
  if (place != at_work_.end()) {
    at_work_.erase(place);
  }
  Write();
}

void WorkNotes::CountFinished() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++num_finished_;
  Write();
}

void WorkNotes::Write() {
  if (lease_ != nullptr) {
    lease_->Note(fmt::format("{}", fmt::join(at_work_, ", ")), num_finished_, at_once_);
  }
}

bool RunSharedStage(const SharedStage& stage) { return SharedRun(stage).Run(); }

std::optional<SharingState> ReadSharingState(const fs::path& folder) {
  SharingState state;
  state.num_slices = ReadNumSlices(folder / kLeases / kSlicesFile);
  if (state.num_slices == 0 || fs::exists(folder / kDoneFile)) {
    return std::nullopt;
  }
  for (int slice = 0; slice < state.num_slices; ++slice) {
    state.num_done += fs::exists(FolderOfTask(folder, slice, state.num_slices) / kDoneFile) ? 1 : 0;
  }
  for (const std::string& name : HeldLeases(folder / kLeases)) {
    state.num_at_work += name == kJoinLease ? 0 : 1;
  }
  for (const auto& [name, ended] : EndedLeases(folder / kLeases)) {
    state.ended.push_back(fmt::format("slice {}: {}", name, DescribeEnd(ended)));
  }
  return state;
}

}  // namespace reel3d
