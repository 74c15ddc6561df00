// SPDX-License-Identifier: Apache-2.0
#include "lib/base/work_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/process_mark.h"
#include "lib/base/progress.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kPause(100);
constexpr uint64_t kMostBytes = 65536;
constexpr int64_t kSecondNs = 1'000'000'000;
// Exists while a process replaces a stale lock.holder.
constexpr const char* kTakingFile = ".lock.taking";
// Without a beat for `stale_s` by the file system's clock, a holder is watched so many beats more.
constexpr double kBeatsToWatch = 3;

std::string Describe(int64_t since_s) {
  Json holder = ToJson(OwnMark());
  holder["since"] = since_s;
  return FormatJson(holder) + "\n";
}

// Returns the fields of a holder's text that are there.
Json Parsed(const std::string& text) {
  try {
    return ParseJsonObject(text, kLockHolderFile);
  } catch (const Error&) {
    return Json::object();
  }
}

// Returns whether the holder's process is there; nothing if this machine cannot tell.
std::optional<bool> IsHolderAlive(const std::string& text) {
  return IsAlive(ProcessMarkOf(Parsed(text)));
}

// Times beyond the range of the result, which anybody may give a file, become its limits.
int64_t TimeNs(const timespec& time) {
  constexpr int64_t kMost_s = std::numeric_limits<int64_t>::max() / kSecondNs - 1;
  return std::clamp<int64_t>(time.tv_sec, -kMost_s, kMost_s) * kSecondNs + time.tv_nsec;
}

// Returns a file's time of change; 0 if it is absent.
int64_t ChangeNs(const fs::path& file) {
  struct stat status {};
  return stat(file.c_str(), &status) == 0 ? TimeNs(status.st_mtim) : 0;
}

// Returns "" if the file is absent or cannot be read.
std::string TextOf(const fs::path& file) {
  try {
    return ReadFile(file, kMostBytes);
  } catch (const Error&) {
    return "";
  }
}

// Returns what the folder's file system takes for now, by a file that is made for it; nothing if
// none can be made.
std::optional<int64_t> TimeOfNewFile(const fs::path& folder) {
  std::string file = (folder / ".lock.time.XXXXXX").string();
  const int descriptor = mkostemp(file.data(), O_CLOEXEC);
  if (descriptor < 0) {
    return std::nullopt;
  }
  struct stat status {};
  const bool is_known = fstat(descriptor, &status) == 0;
  close(descriptor);
  unlink(file.c_str());
  return is_known ? std::optional<int64_t>(status.st_mtim.tv_sec) : std::nullopt;
}

}  // namespace

int TryFlock(int descriptor) {
  int code = 0;
  do {
    code = flock(descriptor, LOCK_EX | LOCK_NB);
  } while (code != 0 && errno == EINTR);
  return code == 0 ? 0 : errno;
}

WorkLock::Descriptor::~Descriptor() {
  if (number >= 0) {
    close(number);
  }
}

WorkLock::WorkLock(const fs::path& folder, WorkLockOptions options)
    : folder_(folder),
      holder_file_(folder / kLockHolderFile),
      options_(std::move(options)),
      held_folder_(folder) {
  const fs::path file = folder / kLockFile;
  file_.number = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_.number < 0) {  // another user's, which flock may lock all the same
    file_.number = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  }
  if (file_.number < 0) {
    throw WriteError("cannot open " + file.string(), errno);
  }
  Wait();
  if (is_held_) {
    beating_ = std::thread([this] { Beat(); });
  }
}

WorkLock::~WorkLock() {
  if (!is_held_) {
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_ending_ = true;
  }
  wake_.notify_all();
  beating_.join();
  if (TextOf(holder_file_) == own_) {
    unlink(holder_file_.c_str());
  }
}

void WorkLock::Wait() {
  const Stopwatch clock;
  for (bool told = false; !TakeFlock() || !TakeHolderFile(); told = true) {
    if (options_.stop && options_.stop()) {
      return;
    }
    const double over_s = clock.Seconds() - options_.patience_s;
    if (over_s > 0 && (over_s > options_.stale_s || !MayBeStale())) {
      throw EnvironmentError(
          fmt::format("{}: another {} is at work there; wait for it or end it. {}",
                      folder_.string(), options_.worker, Holder()));
    }
    if (!told) {
      LogInfo(fmt::format("{}: another {} is at work there; waiting up to {:g} s for it to end. {}",
                          folder_.string(), options_.worker, options_.patience_s, Holder()));
    }
    std::this_thread::sleep_for(kPause);
  }
  is_held_ = true;
}

// Returns false if another process has the flock.
bool WorkLock::TakeFlock() {
  if (has_flock_ || !flock_works_) {
    return true;
  }
  const int error = options_.try_flock(file_.number);
  if (error == EWOULDBLOCK) {
    LookAtHolder();
    return false;
  }
  has_flock_ = error == 0;
  flock_works_ = has_flock_;
  if (!flock_works_) {
    LogInfo(fmt::format("{}: flock does not work there ({}), so only {} keeps others out",
                        folder_.string(), std::strerror(error), kLockHolderFile));
  }
  return true;
}

// Returns false if another process is named in lock.holder, and may be at work.
bool WorkLock::TakeHolderFile() {
  LookAtHolder();
  LookAt(folder_ / kTakingFile, &taking_);
  const bool stands = fs::exists(holder_file_);
  if (stands && (watch_.beat_ns == 0 || !IsStale(watch_))) {
    return false;
  }
  own_ = Describe(FileSystemTime().value_or(0));
  const bool is_taken = stands ? TakeOver() : WriteFirstFile(holder_file_, own_);
  since_beat_ = Stopwatch();
  return is_taken && TextOf(holder_file_) == own_;
}

void WorkLock::LookAtHolder() { LookAt(holder_file_, &watch_); }

void WorkLock::LookAt(const fs::path& file, Watch* watch) {
  const std::string text = TextOf(file);
  const int64_t beat_ns = ChangeNs(file);
  if (text != watch->text || beat_ns != watch->beat_ns) {
    watch->has_beaten = text == watch->text && watch->beat_ns != 0;
    watch->text = text;
    watch->beat_ns = beat_ns;
    watch->unchanged = Stopwatch();
  }
}

bool WorkLock::IsStale(const Watch& watch) const {
  if (const std::optional<bool> alive = IsHolderAlive(watch.text)) {
    return !*alive;
  }
  const double seen_s = watch.unchanged.Seconds();
  if (seen_s < kBeatsToWatch * options_.beat_s || seen_s >= options_.stale_s) {
    return seen_s >= options_.stale_s;
  }
  const std::optional<int64_t> now_s = FileSystemTime();
  const int64_t beat_s = watch.beat_ns / kSecondNs;
  return now_s && static_cast<double>(*now_s - beat_s) >= options_.stale_s;
}

// Returns whether it is still open if the holder is alive.
bool WorkLock::MayBeStale() const {
  const bool others_flock = flock_works_ && !has_flock_;
  return !others_flock && !watch_.has_beaten && !IsHolderAlive(watch_.text);
}

// Replaces the stale lock.holder by ours, one process at a time, so that lock.holder is never
// absent meanwhile. Returns false if another process is at it or has done it.
bool WorkLock::TakeOver() {
  const fs::path taking = folder_ / kTakingFile;
  if (taking_.beat_ns != 0 && IsStale(taking_)) {
    unlink(taking.c_str());
  }
  if (!WriteFirstFile(taking, own_)) {
    return false;
  }
  bool is_stale = false;
  try {
    LookAtHolder();
    is_stale = watch_.beat_ns != 0 && IsStale(watch_);
    if (is_stale) {
      LogWarn(fmt::format("{}: the lock of a {} that has gone is taken over. {}", folder_.string(),
                          options_.worker, Holder()));
      WriteFileAtomically(holder_file_, own_);
    }
  } catch (const std::exception&) {
    unlink(taking.c_str());
    throw;
  }
  unlink(taking.c_str());
  return is_stale;
}

// Says who holds the lock, and for how long, by the file system's clock.
std::string WorkLock::Holder() const {
  const Json holder = Parsed(watch_.text);
  const ProcessMark mark = ProcessMarkOf(holder);
  if (mark.process == 0) {
    return "Its lock does not say which process";
  }
  std::string who = "It is " + NameProcess(mark);
  const std::optional<int64_t> now_s = FileSystemTime();
  if (!now_s) {
    return who;
  }
  // Anybody may have written the file.
  const int64_t latest_s = std::max<int64_t>(0, *now_s);
  const int64_t since_s = std::clamp<int64_t>(MemberOr(holder, "since", latest_s), 0, latest_s);
  const int64_t beat_s = std::clamp<int64_t>(watch_.beat_ns / kSecondNs, 0, latest_s);
  return fmt::format("{}, for {}, last sign of life {} ago", who,
                     FormatDuration(static_cast<double>(latest_s - since_s)),
                     FormatDuration(static_cast<double>(latest_s - beat_s)));
}

// Returns what the file system takes for now, in seconds since 1970; nothing if it does not tell.
std::optional<int64_t> WorkLock::FileSystemTime() const {
  struct stat status {};
  if (futimens(file_.number, nullptr) != 0) {  // another user's file
    return TimeOfNewFile(folder_);
  }
  return fstat(file_.number, &status) == 0 ? std::optional<int64_t>(status.st_mtim.tv_sec)
                                           : std::nullopt;
}

void WorkLock::Beat() {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto pause = std::chrono::duration<double>(options_.beat_s);
  while (!wake_.wait_for(lock, pause, [this] { return is_ending_; })) {
    bool is_ours = true;
    try {
      is_ours = BeatOnce();
    } catch (const std::exception&) {
      // The folder has gone, which the next save notices, or the file system does not answer.
    }
    if (!is_ours) {
      LookAtHolder();
      if (options_.on_lost) {
        options_.on_lost(
            fmt::format("{}: another {} has taken the lock over, as this one gave "
                        "no sign of life. {}",
                        folder_.string(), options_.worker, Holder()));
      }
      return;
    }
  }
}

// Returns false if another process has taken the lock over.
bool WorkLock::BeatOnce() {
  held_folder_.RequireThere();
  if (!fs::exists(holder_file_)) {  // somebody has removed it, or a process that has ended since
    return since_beat_.Seconds() < options_.stale_s && WriteFirstFile(holder_file_, own_);
  }
  if (ReadFile(holder_file_, kMostBytes) != own_) {
    return false;
  }
  utimensat(AT_FDCWD, holder_file_.c_str(), nullptr, 0);
  since_beat_ = Stopwatch();
  return true;
}

}  // namespace reel3d
