// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_frames.h"

#include <fmt/format.h>

#include <utility>

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

ShardFrames::ShardFrames(std::shared_ptr<const InputFile> file, const ShardPlaces& places)
    : file_(std::move(file)), places_(places) {
  file_->ExpectRandomReads();  // the bytes around a clip are not needed next
}

// Checks the offsets again, because the file may have been overwritten since it was opened.
std::vector<uint64_t> ShardFrames::Offsets(uint64_t first, size_t count) const {
  REEL3D_CHECK(count > 0 && first < places_.num_frames && count <= places_.num_frames - first);
  std::vector<uint64_t> offsets(count + 1);
  file_->Read(places_.offsets + sizeof(uint64_t) * first, offsets.data(),
              sizeof(uint64_t) * offsets.size());
  if (!AreFrameOffsets(offsets) || offsets.back() > places_.data_bytes) {
    throw InputError(
        fmt::format("{}: the places of its frames from {} on are not what they were "
                    "when it was opened",
                    file_->name(), first));
  }
  return offsets;
}

void ShardFrames::Read(uint64_t first, size_t count, FrameBytes* frames) const {
  const std::vector<uint64_t> offsets = Offsets(first, count);
  std::vector<uint32_t> crc32(count);
  file_->Read(places_.crc32 + sizeof(uint32_t) * first, crc32.data(), sizeof(uint32_t) * count);
  file_->Read(places_.data + offsets.front(), frames->Append(offsets, crc32),
              offsets.back() - offsets.front());
}

void ShardFrames::ReadAhead(uint64_t first, size_t count) const {
  try {
    const std::vector<uint64_t> offsets = Offsets(first, count);
    file_->ReadAhead(places_.data + offsets.front(), offsets.back() - offsets.front());
  } catch (const Error&) {
    // The read that follows will report the error.
  }
}

}  // namespace reel3d
