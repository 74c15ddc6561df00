// Reads, one after another, bytes that may be damaged or hostile: a pickle, the directory of a zip
// file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/error.h"

namespace reel3d {

class ByteCursor {
 public:
  // Errors begin with "`source`: not a sound `what`: "; `source` must outlive this object.
  ByteCursor(std::string_view bytes, const std::string& source, const char* what)
      : bytes_(bytes), source_(source), what_(what) {}

  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }

  Error Malformed(const std::string& why) const {
    return InputError(
        fmt::format("{}: not a sound {}: {} (byte {})", source_, what_, why, position_));
  }

  // Returns the next `count` bytes. Throws an input error if there are fewer.
  std::string_view Take(size_t count) {
    if (left() < count) {
      throw Malformed("it ends early");
    }
    position_ += count;
    return bytes_.substr(position_ - count, count);
  }

  // Returns a little-endian unsigned number of at most 8 bytes, on any machine.
  uint64_t Number(size_t size_bytes) {
    uint64_t number = 0;
    int shift = 0;
    for (const char byte : Take(size_bytes)) {
      number |= uint64_t{static_cast<unsigned char>(byte)} << shift;
      shift += 8;
    }
    return number;
  }

  // Returns the bytes up to the next line feed, and skips the line feed.
  std::string_view Line(size_t max_bytes) {
    const size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos || end - position_ > max_bytes) {
      throw Malformed("a line has no end");
    }
    const std::string_view line = Take(end - position_);
    Take(1);
    return line;
  }

 private:
  std::string_view bytes_;
  const std::string& source_;
  const char* what_;
  size_t position_ = 0;
};

}  // namespace reel3d
