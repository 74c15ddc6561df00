// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/start_log.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/process_state.h"
#include "lib/base/wall_clock.h"

namespace reel3d {
namespace {

constexpr std::chrono::seconds kEvery(1);

double NumberOr0(std::string_view text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr double kMost_s = 1e11;
  return read.ec == std::errc() && number > 0 && number < kMost_s ? number : 0;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Returns the seconds since this process started; 0 if the system does not tell.
double ProcessAge() {
  constexpr double kMost_s = 86400;  // more is the clock of another time namespace
  const double started_s =
      NumberOr0(ObserveProcess(getpid()).start) / static_cast<double>(sysconf(_SC_CLK_TCK));
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const double age_s =
      static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) - started_s;
  return started_s > 0 && age_s > 0 && age_s < kMost_s ? age_s : 0;
}

Work WorkOf(Phase phase) {
  switch (phase) {
    case Phase::kStart:
      return Work::kStart;
    case Phase::kData:
      return Work::kData;
    case Phase::kOtherRanks:
      return Work::kRanks;
    case Phase::kValidate:
      return Work::kValidation;
    case Phase::kSave:
      return Work::kSaves;
    case Phase::kCopy:
    case Phase::kForward:
    case Phase::kBackward:
    case Phase::kUpdate:
      break;
  }
  return Work::kSteps;
}

}  // namespace

StartLog::StartLog(const std::filesystem::path& run_dir, const PhaseClock& phases, std::string host,
                   int num_ranks)
    : phases_(phases),
      file_(run_dir / kStartsFile),
      before_s_(ProcessAge() - Total(phases.Seconds())) {
  before_s_ = std::max(0.0, before_s_);
  record_.host = std::move(host);
  record_.job = Variable("SLURM_JOB_ID");
  record_.ranks = num_ranks;
  record_.eligible_s = NumberOr0(Variable(kEligibleVariable));
  record_.job_start_s = NumberOr0(Variable(kJobStartVariable));
  record_.began_s = SecondsSince1970() - before_s_ - Total(phases.Seconds());
  writing_ = std::thread([this] {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!is_ending_) {
      lock.unlock();
      file_.Write(Now());
      lock.lock();
      wake_.wait_for(lock, kEvery, [this] { return is_ending_; });
    }
  });
}

StartLog::~StartLog() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_ending_ = true;
    if (record_.end.empty()) {
      record_.end = kEndFailed;
    }
  }
  wake_.notify_all();
  writing_.join();
  file_.Write(Now());
}

void StartLog::NoteFirstStep(int64_t step) {
  const std::lock_guard<std::mutex> lock(mutex_);
  record_.first_step = step;
}

void StartLog::NoteSave(int64_t step) {
  const WorkSeconds seconds = Seconds();
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<SavePoint>& saves = record_.saves;
  // After a roll-back, steps that were saved before are saved again.
  while (!saves.empty() && saves.back().step >= step) {
    saves.pop_back();
  }
  if (saves.size() == kMostSavePoints) {
    saves.erase(saves.begin());
  }
  saves.push_back({step, seconds});
}

void StartLog::NoteEnd(const std::string& end) {
  const std::lock_guard<std::mutex> lock(mutex_);
  record_.end = end;
}

WorkSeconds StartLog::Seconds() const {
  const PhaseSeconds phases = phases_.Seconds();
  WorkSeconds seconds{};
  for (size_t phase = 0; phase < kNumPhases; ++phase) {
    In(seconds, WorkOf(static_cast<Phase>(phase))) += phases[phase];
  }
  In(seconds, Work::kStart) += before_s_;
  return seconds;
}

StartRecord StartLog::Now() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  StartRecord record = record_;
  record.seconds = Seconds();
  record.at_s = SecondsSince1970();
  record.step = record.first_step < 0 ? -1 : std::max(record.first_step, phases_.Now().step);
  return record;
}

}  // namespace reel3d
