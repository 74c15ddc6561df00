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

// Returns whether the name is taken by a folder, a pipe or the like, which a copy does not replace.
bool IsNoFile(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::symlink_status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_symlink(status);
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

ShardCopier::ShardCopier(const ShardSet& shards, const StagingOptions& options, Order order,
                         bool tells_success)
    : shards_(shards),
      options_(options),
      order_(std::move(order)),
      tells_success_(tells_success),
      abandoned_(options.abandoned_s) {
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
      jobs = DoJobs(std::move(jobs));
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
  for (const int number : order_([this] { return IsStopping(); })) {
    const std::string& uuid = shards_.UuidOf(number);
    jobs.push_back({uuid, shards_.FileOf(number), copies.FileOf(uuid)});
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  report_.num_shards = static_cast<int64_t>(jobs.size());
  return jobs;
}

// Returns the jobs that another process is doing.
std::vector<ShardCopier::Job> ShardCopier::DoJobs(std::vector<Job> jobs) {
  std::vector<Job> later;
  for (Job& job : jobs) {
    if (IsStopping()) {
      break;
    }
    Outcome outcome = Outcome::kFailed;
    try {
      outcome = Do(&job);
    } catch (const std::exception& error) {
      Fail(outcome, error.what());
    }
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

// Looks at the shard only when it is due: a large set has tens of thousands.
ShardCopier::Outcome ShardCopier::FindSize(Job* job) {
  std::error_code error;
  const uintmax_t size_bytes = fs::file_size(job->from, error);
  if (error) {
    return Fail(Outcome::kFailed, Fault("read", job->from, error.value()));
  }
  job->size_bytes = static_cast<int64_t>(size_bytes);
  return Outcome::kThere;
}

ShardCopier::Outcome ShardCopier::Do(Job* job) {
  if (job->to.empty()) {
    return Fail(Outcome::kFailed, job->from.string() + ": its name in shards.tsv is no uuid");
  }
  if (job->size_bytes < 0) {
    if (const Outcome outcome = FindSize(job); outcome != Outcome::kThere) {
      return outcome;
    }
  }
  if (HasCopy(job->to, job->uuid)) {
    return Outcome::kThere;
  }
  if (IsNoFile(job->to)) {
    return Fail(Outcome::kFailed, job->to.string() + ": is not a file, and a copy has its name");
  }
  return is_full_ ? Outcome::kFailed : Copy(*job);
}

ShardCopier::Outcome ShardCopier::Copy(const Job& job) {
  PendingFile pending(job.to);
  const Room room = TakeRoom(pending, job.size_bytes, options_, &abandoned_);
  const Descriptor to{room.descriptor};
  if (to.number < 0) {
    return room.is_at_work ? Outcome::kLater : Fail(Outcome::kFull, room.refusal);
  }
  if (HasCopy(job.to, job.uuid)) {
    return Outcome::kThere;  // another process has finished it since the first look
  }
  if (const Outcome outcome = Fill(job, to.number); outcome != Outcome::kThere) {
    return outcome;
  }
  std::error_code ignored;
  try {
    OpenCopy(pending.temporary_path(), job.uuid)->Verify([this] { return IsStopping(); });
    if (IsStopping()) {
      return Outcome::kFailed;
    }
    pending.Publish();
    return Outcome::kThere;
  } catch (const Error& error) {
    if (!fs::exists(pending.temporary_path(), ignored)) {
      return Outcome::kLater;  // somebody took it for an abandoned one
    }
    if (error.kind() == ErrorKind::kInput) {
      return Fail(Outcome::kFailed,
                  fmt::format("the copy of {} is damaged: {}", job.from.string(), error.what()));
    }
    // An obstacle at one name need not be one at the next.
    return Fail(fs::exists(job.to, ignored) ? Outcome::kFailed : Outcome::kFull, error.what());
  }
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
    copied += static_cast<int64_t>(size);
    const bool is_sync_due = count % kPiecesBetweenSyncs == 0;
    if (!WriteFully(to, piece.data(), size) || (is_sync_due && fdatasync(to) != 0)) {
      return Fail(Outcome::kFull, Fault("write", job.to, errno));
    }
    if (is_sync_due) {
      posix_fadvise(from.number, 0, copied, POSIX_FADV_DONTNEED);
    }
  }
  return Outcome::kThere;
}

ShardCopier::Outcome ShardCopier::Fail(Outcome outcome, const std::string& why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (report_.fault.empty()) {
    report_.fault = why;
    LogWarn(fmt::format(
        "--stage-to {}: not every shard can be copied: {}; frames of shards without a copy come "
        "from {}",
        options_.folder, why, shards_.folder().string()));
  } else {
    LogDebug(fmt::format("--stage-to {}: {}", options_.folder, why));
  }
  return outcome;
}

void ShardCopier::Tell() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_stopping_ || report_.num_shards == 0) {
    return;  // a fault that came before the shards were listed has been reported
  }
  const std::string all = Count(report_.num_shards, "shard");
  const std::string size = FormatBytes(static_cast<double>(report_.copies_bytes));
  if (!report_.fault.empty()) {
    LogWarn(fmt::format(
        "--stage-to {}: {} of {} have a copy there ({}); frames of the others come from {}: {}",
        options_.folder, report_.num_copies, all, size, shards_.folder().string(), report_.fault));
  } else if (tells_success_) {
    LogInfo(
        fmt::format("--stage-to {}: copies of {} ({}) are complete", options_.folder, all, size));
  }
}

}  // namespace reel3d
