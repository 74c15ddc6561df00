// SPDX-License-Identifier: Apache-2.0
#include "lib/base/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"

namespace reel3d {

InputFile::InputFile(std::filesystem::path path, const char* kind) : path_(std::move(path)) {
  RequireFile(path_, kind);
  descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) {
    throw ReadError("cannot open " + name(), errno);
  }
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) {
    const int error = errno;
    close(descriptor_);
    throw ReadError("cannot read " + name(), error);
  }
  size_bytes_ = static_cast<uint64_t>(status.st_size);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

bool InputFile::IsOpenAs(int descriptor) const {
  struct stat own {};
  struct stat other {};
  return fstat(descriptor_, &own) == 0 && fstat(descriptor, &other) == 0 &&
         own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

void InputFile::Read(uint64_t offset, void* bytes, uint64_t size_bytes) const {
  if (offset > size_bytes_ || size_bytes > size_bytes_ - offset) {
    throw InputError(name() + ": ends early");
  }
  auto* place = static_cast<char*>(bytes);
  while (size_bytes > 0) {
    const ssize_t count = pread(descriptor_, place, size_bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      throw count < 0 ? ReadError("cannot read " + name(), errno)
                      : InputError(name() + ": is shorter than it was when it was opened");
    }
    place += count;
    offset += static_cast<uint64_t>(count);
    size_bytes -= static_cast<uint64_t>(count);
  }
}

void InputFile::ExpectRandomReads() const { posix_fadvise(descriptor_, 0, 0, POSIX_FADV_RANDOM); }

void InputFile::ReadAhead(uint64_t offset, uint64_t size_bytes) const {
  posix_fadvise(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(size_bytes),
                POSIX_FADV_WILLNEED);
}

std::string InputFile::ReadText(uint64_t offset, uint64_t size_bytes) const {
  if (size_bytes > size_bytes_) {
    throw InputError(name() + ": ends early");
  }
  std::string text(size_bytes, '\0');
  Read(offset, text.data(), size_bytes);
  return text;
}

}  // namespace reel3d
