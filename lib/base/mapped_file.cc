// SPDX-License-Identifier: Apache-2.0
#include "lib/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/error.h"

namespace reel3d {

MappedFile::MappedFile(const std::filesystem::path& file) {
  // Opening a pipe without a writer would wait for ever.
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    throw ReadError("cannot open " + file.string(), errno);
  }
  struct stat status {};
  const bool is_known = fstat(descriptor, &status) == 0;
  const bool is_file = is_known && S_ISREG(status.st_mode);
  void* mapped = MAP_FAILED;
  if (is_file && status.st_size > 0) {
    size_bytes_ = static_cast<size_t>(status.st_size);
    mapped = mmap(nullptr, size_bytes_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  }
  const int error = errno;
  close(descriptor);  // the mapping stays
  if (is_known && !is_file) {
    throw InputError("cannot read " + file.string() + ": not a regular file");
  }
  if (!is_known || (size_bytes_ > 0 && mapped == MAP_FAILED)) {
    throw ReadError("cannot map " + file.string(), error);
  }
  data_ = size_bytes_ > 0 ? static_cast<std::byte*>(mapped) : nullptr;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    munmap(data_, size_bytes_);
  }
}

void MappedFile::LetGo(size_t begin_bytes, size_t end_bytes) const {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t begin = begin_bytes / page * page;
  const size_t end = std::min(end_bytes, size_bytes_);
  if (begin < end) {
    madvise(data_ + begin, end - begin, MADV_DONTNEED);
  }
}

}  // namespace reel3d
