// Private to lib/video: reads the bytes of a file, for headers of containers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/video/ffmpeg_handle.h"

namespace reel3d {

// Reads anywhere in a file. Numbers and text are taken from the bytes read last.
class FileBytes {
 public:
  explicit FileBytes(AVIOContext* io) : io_(io), size_(avio_size(io)) {}

  int64_t size() const { return size_; }

  // Reads `count` bytes from `at` on. Returns false if the file does not have all of them.
  bool Read(int64_t at, size_t count) {
    bytes_.assign(count, 0);
    return at >= 0 && at <= size_ - static_cast<int64_t>(count) &&
           avio_seek(io_, at, SEEK_SET) == at &&
           avio_read(io_, bytes_.data(), static_cast<int>(count)) == static_cast<int>(count);
  }

  // Reads and returns the last bytes of the file, at most `most`; "" if they cannot be read.
  std::string ReadTail(int64_t most) {
    const int64_t count = std::min(most, size_);
    const bool is_read = count > 0 && Read(size_ - count, static_cast<size_t>(count));
    return is_read ? Text(0, bytes_.size()) : std::string();
  }

  // The positions of the following functions, up to Text(), count within the bytes read last.
  uint8_t operator[](size_t i) const { return bytes_[i]; }
  const std::vector<uint8_t>& all() const { return bytes_; }
  uint64_t Big(size_t at, size_t count) const {
    uint64_t value = 0;
    for (size_t i = at; i < at + count; ++i) {
      value = value << 8 | bytes_[i];
    }
    return value;
  }
  uint64_t Little(size_t at, size_t count) const {
    uint64_t value = 0;
    for (size_t i = at + count; i > at; --i) {
      value = value << 8 | bytes_[i - 1];
    }
    return value;
  }
  std::string Text(size_t at, size_t count) const {
    return {bytes_.begin() + static_cast<int64_t>(at),
            bytes_.begin() + static_cast<int64_t>(at + count)};
  }
  // Returns true if `length` bytes from position `at` of the file on reach beyond the file's end.
  bool Leaves(int64_t at, uint64_t length) const {
    return at > size_ || length > static_cast<uint64_t>(size_ - at);
  }

 private:
  AVIOContext* io_;
  int64_t size_;
  std::vector<uint8_t> bytes_;
};

}  // namespace reel3d
