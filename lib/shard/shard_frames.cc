// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_frames.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/shard/shard_format.h"

namespace reel3d {

void FrameBytes::Clear() {
  begins_.assign(1, 0);
  crc32_.clear();
  from_copy_ = false;
}

uint8_t* FrameBytes::Append(const std::vector<uint64_t>& offsets,
                            const std::vector<uint32_t>& crc32) {
  const size_t begin = begins_.back();
  for (size_t i = 0; i < crc32.size(); ++i) {
    begins_.push_back(begin + offsets[i + 1] - offsets[0]);
  }
  crc32_.insert(crc32_.end(), crc32.begin(), crc32.end());
  if (bytes_.size() < begins_.back()) {
    bytes_.resize(begins_.back());
  }
  return bytes_.data() + begin;
}

size_t FrameBytes::FindDamaged() const {
  size_t frame = 0;
  while (frame < size() && Crc32(data(frame), size_bytes(frame)) == crc32_[frame]) {
    ++frame;
  }
  return frame;
}

ShardFrames::ShardFrames(std::filesystem::path file, const ShardPlaces& places)
    : file_(std::move(file)),
      places_(places),
      descriptor_(open(file_.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) {
    throw ReadError("cannot open " + file_.string(), errno);
  }
  // Clips are drawn at random, so the bytes around a clip are not needed next.
  posix_fadvise(descriptor_, 0, 0, POSIX_FADV_RANDOM);
}

ShardFrames::~ShardFrames() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

void ShardFrames::ReadAt(uint64_t offset_bytes, void* to, size_t size_bytes) const {
  for (size_t filled = 0; filled < size_bytes;) {
    const ssize_t got = pread(descriptor_, static_cast<uint8_t*>(to) + filled, size_bytes - filled,
                              static_cast<off_t>(offset_bytes + filled));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      throw ReadError("cannot read " + file_.string(), errno);
    }
    if (got == 0) {
      throw InputError(file_.string() + ": is shorter than it was when it was opened");
    }
    filled += static_cast<size_t>(got);
  }
}

// Checks the offsets again, because the file may have been overwritten since it was opened.
std::vector<uint64_t> ShardFrames::Offsets(uint64_t first, size_t count) const {
  REEL3D_CHECK(count > 0 && first < places_.num_frames && count <= places_.num_frames - first);
  std::vector<uint64_t> offsets(count + 1);
  ReadAt(places_.offsets + sizeof(uint64_t) * first, offsets.data(),
         sizeof(uint64_t) * offsets.size());
  if (!AreFrameOffsets(offsets) || offsets.back() > places_.data_bytes) {
    throw InputError(
        fmt::format("{}: the places of its frames from {} on are not what they were "
                    "when it was opened",
                    file_.string(), first));
  }
  return offsets;
}

void ShardFrames::Read(uint64_t first, size_t count, FrameBytes* frames) const {
  const std::vector<uint64_t> offsets = Offsets(first, count);
  std::vector<uint32_t> crc32(count);
  ReadAt(places_.crc32 + sizeof(uint32_t) * first, crc32.data(), sizeof(uint32_t) * count);
  ReadAt(places_.data + offsets.front(), frames->Append(offsets, crc32),
         offsets.back() - offsets.front());
}

void ShardFrames::ReadAhead(uint64_t first, size_t count) const {
  try {
    const std::vector<uint64_t> offsets = Offsets(first, count);
    posix_fadvise(descriptor_, static_cast<off_t>(places_.data + offsets.front()),
                  static_cast<off_t>(offsets.back() - offsets.front()), POSIX_FADV_WILLNEED);
  } catch (const Error&) {
    // The read that follows will report the error.
  }
}

}  // namespace reel3d
