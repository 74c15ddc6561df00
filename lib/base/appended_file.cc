// SPDX-License-Identifier: Apache-2.0
#include "lib/base/appended_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/error.h"

namespace reel3d {

AppendedFile::AppendedFile(const std::filesystem::path& file)
    : file_(file),
      descriptor_(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666)),
      size_bytes_(descriptor_ < 0 ? 0 : lseek(descriptor_, 0, SEEK_END)) {
  // The file is opened without blocking, so that a pipe without a reader is an error.
  if (descriptor_ < 0 || size_bytes_ < 0) {
    throw WriteError("cannot write " + file_.string(), errno);
  }
}

AppendedFile::~AppendedFile() { close(descriptor_); }

void AppendedFile::Append(std::string_view record) {
  const std::lock_guard<std::mutex> lock(mutex_);
  waiting_ += record;
  Write();
}

void AppendedFile::Flush() {
  std::unique_lock<std::mutex> lock(mutex_);
  CheckWritten(Write());
  const size_t size = written_;
  lock.unlock();
  const bool synchronized = fdatasync(descriptor_) == 0;
  lock.lock();
  CheckWritten(synchronized);
  size_bytes_ += static_cast<int64_t>(size);
  waiting_.erase(0, size);
  written_ -= size;
}

void AppendedFile::CheckWritten(bool done) {
  if (!done) {
    const int code = errno;
    written_ = 0;
    throw WriteError("cannot write " + file_.string(), code);
  }
}

// Writes at an explicit offset, so that bytes of a failed attempt are overwritten.
bool AppendedFile::Write() {
  while (written_ < waiting_.size()) {
    const ssize_t count =
        pwrite(descriptor_, waiting_.data() + written_, waiting_.size() - written_,
               size_bytes_ + static_cast<int64_t>(written_));
    if (count < 0 && errno != EINTR) {
      return false;
    }
    written_ += count > 0 ? static_cast<size_t>(count) : 0;
  }
  return true;
}

}  // namespace reel3d
