// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_copier.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0) {
      close(number);
    }
  }
};

// Lets the threads that load and compute go first. It is only a hint and needs no privilege.
void GoLast() {
  constexpr int kNice = 10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNice);
}

// Returns the number of bytes that were read, which is smaller than `size` only at the end of the
// file, or -1.
ssize_t ReadFully(int from, char* bytes, size_t size) {
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got = read(from, bytes + filled, size - filled);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return -1;
    }
    if (got == 0) {
      break;
    }
    filled += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(filled);
}

bool WriteFully(int to, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(to, bytes, size);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return false;
    }
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

std::string Fault(const std::string& doing, const fs::path& file, int error_number) {
  return fmt::format("cannot {} {}: {}", doing, file.string(),
                     std::generic_category().message(error_number));
}

// Returns whether a trusted copy with a sound table is there. Frames are checked when they are
// read.
bool HasCopy(const fs::path& file, const std::string& uuid) {
  if (!TrustedMark(file)) {
    return false;
  }
  try {
    OpenCopy(file, uuid);
    return true;
  } catch (const Error& error) {
    return error.kind() != ErrorKind::kInput;
  }
}

}  // namespace

ShardCopier::ShardCopier(const ShardSet& shards, const StagingOptions& options,
                         std::function<std::vector<int>()> order, bool tells_success)
    : shards_(shards), options_(options), order_(std::move(order)), tells_success_(tells_success) {
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& error) {
    Fail(Outcome::kFull, fmt::format("cannot start a thread: {}", error.what()));
    Tell();
    is_finished_ = true;
  }
}

ShardCopier::~ShardCopier() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

CopyReport ShardCopier::Await() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return is_finished_; });
  return report_;
}

bool ShardCopier::IsStopping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return is_stopping_;
}

void ShardCopier::Run() {
  constexpr std::chrono::seconds kBetweenLooks(1);
  GoLast();
  try {
    std::vector<Job> jobs = ListJobs();
    MakeFolders(options_.folder);
    while (!jobs.empty() && !IsStopping()) {
      RemoveStaleTemporaries(options_.folder);
      jobs = DoJobs(jobs);
      if (!jobs.empty()) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait_for(lock, kBetweenLooks, [this] { return is_stopping_; });
      }
    }
  } catch (const std::exception& error) {
    Fail(Outcome::kFull, error.what());
  }
  Tell();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_finished_ = true;
  }
  changed_.notify_all();
}

std::vector<ShardCopier::Job> ShardCopier::ListJobs() {
  const ShardCopies copies(options_.folder);
  std::vector<Job> jobs;
  for (const int number : order_()) {
    Job job{shards_.UuidOf(number), shards_.FileOf(number), copies.FileOf(shards_.UuidOf(number))};
    std::error_code error;
    const uintmax_t size_bytes = fs::file_size(job.from, error);
    if (error || job.to.empty()) {
      Fail(Outcome::kFailed, error ? Fault("read", job.from, error.value())
                                   : job.from.string() + ": its name in shards.tsv is no uuid");
    } else {
      job.size_bytes = static_cast<int64_t>(size_bytes);
      jobs.push_back(std::move(job));
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    ++report_.num_shards;
    report_.shards_bytes += error ? 0 : static_cast<int64_t>(size_bytes);
  }
  return jobs;
}

// Returns the jobs that another process is doing.
std::vector<ShardCopier::Job> ShardCopier::DoJobs(const std::vector<Job>& jobs) {
  std::vector<Job> later;
  for (const Job& job : jobs) {
    if (IsStopping()) {
      break;
    }
    const Outcome outcome = Do(job);
    if (outcome == Outcome::kThere) {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++report_.num_copies;
      report_.copies_bytes += job.size_bytes;
    } else if (outcome == Outcome::kLater) {
      later.push_back(job);
    }
    is_full_ = is_full_ || outcome == Outcome::kFull;
  }
  return later;
}

ShardCopier::Outcome ShardCopier::Do(const Job& job) {
  if (HasCopy(job.to, job.uuid)) {
    return Outcome::kThere;
  }
  return is_full_ ? Outcome::kFailed : Copy(job);
}

ShardCopier::Outcome ShardCopier::Copy(const Job& job) {
  PendingFile pending(job.to);
  const Room room = TakeRoom(pending, job.size_bytes, options_);
  const Descriptor to{room.descriptor};
  if (to.number < 0) {
    return room.is_at_work ? Outcome::kLater : Fail(Outcome::kFull, room.refusal);
  }
  if (const Outcome outcome = Fill(job, to.number); outcome != Outcome::kThere) {
    return outcome;
  }
  try {
    OpenCopy(pending.temporary_path(), job.uuid)->Verify();
  } catch (const Error& error) {
    return Fail(Outcome::kFailed,
                fmt::format("the copy of {} is damaged: {}", job.from.string(), error.what()));
  }
  try {
    pending.Publish();
  } catch (const Error& error) {
    return Fail(Outcome::kFull, error.what());
  }
  return Outcome::kThere;
}

// Writes the bytes of the shard. They go to the disk from time to time: otherwise the system would
// hold gigabytes of them in memory, and training would wait when it writes them all at once.
ShardCopier::Outcome ShardCopier::Fill(const Job& job, int to) {
  constexpr size_t kPiece = size_t{4} << 20;
  constexpr int kPiecesBetweenSyncs = 16;
  const Descriptor from{open(job.from.c_str(), O_RDONLY | O_CLOEXEC)};
  if (from.number < 0) {
    return Fail(Outcome::kFailed, Fault("read", job.from, errno));
  }
  posix_fadvise(from.number, 0, 0, POSIX_FADV_SEQUENTIAL);
  std::vector<char> piece(kPiece);
  int64_t copied = 0;
  for (int count = 1; copied < job.size_bytes; ++count) {
    if (IsStopping()) {
      return Outcome::kFailed;
    }
    const auto size = std::min<size_t>(kPiece, static_cast<size_t>(job.size_bytes - copied));
    const ssize_t got = ReadFully(from.number, piece.data(), size);
    if (got != static_cast<ssize_t>(size)) {
      return Fail(Outcome::kFailed, got < 0 ? Fault("read", job.from, errno)
                                            : job.from.string() + ": became shorter while copied");
    }
    if (!WriteFully(to, piece.data(), size) ||
        (count % kPiecesBetweenSyncs == 0 && fdatasync(to) != 0)) {
      return Fail(Outcome::kFull, Fault("write", job.to, errno));
    }
    copied += static_cast<int64_t>(size);
  }
  return Outcome::kThere;
}

ShardCopier::Outcome ShardCopier::Fail(Outcome outcome, const std::string& why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (report_.fault.empty()) {
    report_.fault = why;
  } else {
    LogDebug(fmt::format("--stage-to {}: {}", options_.folder, why));
  }
  return outcome;
}

void ShardCopier::Tell() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_stopping_) {
    return;
  }
  const std::string all = Count(report_.num_shards, "shard");
  const std::string size = FormatBytes(static_cast<double>(report_.shards_bytes));
  if (!report_.fault.empty()) {
    LogWarn(fmt::format(
        "--stage-to {}: {} of {} have a copy there ({} of {}); frames of the others come from {}: "
        "{}",
        options_.folder, report_.num_copies, all,
        FormatBytes(static_cast<double>(report_.copies_bytes)), size, shards_.folder().string(),
        report_.fault));
  } else if (tells_success_) {
    LogInfo(
        fmt::format("--stage-to {}: copies of {} ({}) are complete", options_.folder, all, size));
  }
}

}  // namespace reel3d
