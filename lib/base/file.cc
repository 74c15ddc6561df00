// SPDX-License-Identifier: Apache-2.0
#include "lib/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/process_state.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// The name is .<name>.tmp-<host>-<pid>-<count>; only the host may hold dashes. Processes of two
// containers may have the same host and pid, so they count from random numbers.
constexpr std::string_view kTemporaryMark = ".tmp-";

class FileDescriptor {
 public:
  FileDescriptor(const fs::path& path, int flags, mode_t mode = 0666)
      : descriptor_(open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~FileDescriptor() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

void WriteAll(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      throw WriteError("cannot write " + path.string(), errno);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

// Returns the owner of a temporary of this host; 0 if the name is not one.
pid_t OwnerOnThisHost(const std::string& name) {
  const size_t mark = name.rfind(kTemporaryMark);
  if (name.empty() || name.front() != '.' || mark == std::string::npos) {
    return 0;
  }
  const std::string owner = name.substr(mark + kTemporaryMark.size());
  const size_t count_dash = owner.rfind('-');
  const size_t pid_dash = count_dash == 0 ? std::string::npos : owner.rfind('-', count_dash - 1);
  if (count_dash == std::string::npos || pid_dash == std::string::npos ||
      owner.substr(0, pid_dash) != HostName()) {
    return 0;
  }
  return static_cast<pid_t>(std::strtol(owner.c_str() + pid_dash + 1, nullptr, 10));
}

// Publishing renames, which would put a file in the place of a device or a pipe.
void RequireReplaceable(const fs::path& path) {
  std::error_code none;
  const fs::file_status found = fs::status(path, none);
  const bool is_absent = !fs::exists(found);
  const bool leads_to_descriptor = fs::read_symlink(path, none).string().rfind("/proc/", 0) == 0;
  if (leads_to_descriptor ||
      !(is_absent || fs::is_regular_file(found) || fs::is_directory(found))) {
    throw EnvironmentError(path.string() +
                           ": is a device, a pipe or a socket, and output replaces what has its "
                           "name: name a file");
  }
}

}  // namespace

PendingFile::PendingFile(fs::path final_path) : final_path_(std::move(final_path)) {
  RequireReplaceable(final_path_);
  static std::atomic<uint32_t> counter{std::random_device{}()};
  const std::string name = fmt::format(".{}{}{}-{}-{}", final_path_.filename().string(),
                                       kTemporaryMark, HostName(), getpid(), counter++);
  temporary_path_ = final_path_.parent_path() / name;
}

PendingFile::~PendingFile() {
  if (!published_) {
    std::error_code ignored;
    fs::remove_all(temporary_path_, ignored);
  }
}

void PendingFile::Publish() {
  SyncToDisk(temporary_path_);
  const char* from = temporary_path_.c_str();
  const char* to = final_path_.c_str();
  bool renamed = rename(from, to) == 0;
  const bool exchanged = !renamed && (errno == ENOTEMPTY || errno == EEXIST) &&
                         renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0;
  std::error_code ignored;
  if (!renamed && !exchanged && (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP)) {
    // The older folder is moved aside, which is quick, so that one of the two exists almost always.
    const std::string older = temporary_path_.string() + "-older";
    if (rename(to, older.c_str()) == 0) {
      renamed = rename(from, to) == 0;
      const int error = errno;
      if (renamed) {
        fs::remove_all(older, ignored);
      } else {
        rename(older.c_str(), to);
      }
      errno = error;
    }
  }
  if (!renamed && !exchanged) {
    throw WriteError("cannot publish " + final_path_.string(), errno);
  }
  published_ = true;
  SyncToDisk(final_path_.has_parent_path() ? final_path_.parent_path() : fs::path("."));
  if (exchanged) {
    fs::remove_all(temporary_path_, ignored);  // the older folder
  }
}

bool PendingFile::PublishFirst() {
  SyncToDisk(temporary_path_);
  if (link(temporary_path_.c_str(), final_path_.c_str()) == 0) {
    SyncToDisk(final_path_.has_parent_path() ? final_path_.parent_path() : fs::path("."));
    return true;
  }
  if (errno == EEXIST || fs::exists(final_path_)) {
    return false;
  }
  Publish();
  return true;
}

void SyncToDisk(const fs::path& path) {
  const FileDescriptor file(path, O_RDONLY);
  if (file.get() < 0) {
    throw WriteError("cannot open " + path.string(), errno);
  }
  // Some network file systems cannot sync a folder; the rename is then as safe as it gets there.
  if (fsync(file.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    throw WriteError("cannot write " + path.string() + " to disk", errno);
  }
}

namespace {

void WriteTemporary(const PendingFile& pending, std::string_view bytes) {
  const FileDescriptor file(pending.temporary_path(), O_WRONLY | O_CREAT | O_TRUNC);
  if (file.get() < 0) {
    throw WriteError("cannot create " + pending.final_path().string(), errno);
  }
  WriteAll(file.get(), bytes, pending.final_path());
}

}  // namespace

void WriteFileAtomically(const fs::path& path, std::string_view bytes) {
  PendingFile pending(path);
  WriteTemporary(pending, bytes);
  pending.Publish();
}

bool WriteFirstFile(const fs::path& path, std::string_view bytes) {
  PendingFile pending(path);
  WriteTemporary(pending, bytes);
  return pending.PublishFirst();
}

std::string ReadFile(const fs::path& path, uint64_t max_bytes) {
  // Opening a pipe without a writer would wait for ever.
  const FileDescriptor file(path, O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) {
    throw ReadError("cannot read " + path.string(), errno);
  }
  if (!S_ISREG(status.st_mode)) {
    throw InputError("cannot read " + path.string() + ": not a regular file");
  }
  if (static_cast<uint64_t>(status.st_size) > max_bytes) {
    throw InputError(fmt::format("{} has {} bytes, more than the {} that such a file may have",
                                 path.string(), status.st_size, max_bytes));
  }
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      throw ReadError("cannot read " + path.string(), errno);
    }
    if (got == 0) {
      break;  // it shrank meanwhile
    }
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

int RemoveStaleTemporaries(const fs::path& folder) {
  int removed = 0;
  std::error_code error, ignored;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    const pid_t owner = OwnerOnThisHost(path.filename().string());
    if (owner > 0 && !ObserveProcess(owner).is_alive && fs::remove_all(path, ignored) > 0) {
      ++removed;
    }
  }
  return removed;
}

fs::path SystemTemporaryFolder() {
  std::error_code error;
  fs::path folder = fs::temp_directory_path(error);
  if (error) {
    const char* named = std::getenv("TMPDIR");
    throw EnvironmentError(
        fmt::format("there is no folder {} for temporary files: make it, or set TMPDIR to another "
                    "folder",
                    named == nullptr ? "/tmp" : named));
  }
  return folder;
}

// Another process may remove the folder at any moment, also between two looks of
// create_directories, which then fails. So it tries again.
void MakeFolders(const fs::path& folder) {
  constexpr int kMostTries = 100;
  std::error_code error;
  for (int tries = 0; tries < kMostTries; ++tries) {
    fs::create_directories(folder, error);
    std::error_code unknown;
    const fs::file_status there = fs::status(folder, unknown);
    if (fs::is_directory(there) || (!error && !fs::exists(there))) {
      return;  // in the second case it was made, and is removed already
    }
    if (fs::exists(there)) {
      throw EnvironmentError("cannot make folder " + folder.string() +
                             ": a file of that name stands there");
    }
    if (error != std::errc::not_a_directory && error != std::errc::no_such_file_or_directory &&
        error != std::errc::file_exists) {
      break;
    }
  }
  throw WriteError("cannot make folder " + folder.string(), error.value());
}

void RequireFolder(const fs::path& path, const std::string& what) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    throw InputError(fmt::format("{}: {} ({})", path.string(),
                                 fs::exists(path, ignored) ? "not a folder" : "no such folder",
                                 what));
  }
}

void RequireFile(const fs::path& path, const std::string& what) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error && error.value() != ENOENT) {
    throw ReadError(fmt::format("{} ({})", path.string(), what), error.value());
  }
  if (!fs::is_regular_file(status)) {
    throw InputError(fmt::format("{}: {} ({})", path.string(),
                                 fs::exists(status) ? "not a regular file" : "no such file", what));
  }
  // Reads one byte, so that an unreadable file fails here in the system's words. A library would
  // call the file damaged.
  const FileDescriptor file(path, O_RDONLY);
  char byte = 0;
  if (file.get() < 0 || read(file.get(), &byte, 1) < 0) {
    throw ReadError(fmt::format("cannot read {} ({})", path.string(), what), errno);
  }
}

uint32_t Crc32(const void* bytes, size_t size_bytes, uint32_t crc) {
  return libdeflate_crc32(crc, bytes, size_bytes);
}

}  // namespace reel3d
