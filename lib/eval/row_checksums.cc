// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/row_checksums.h"

#include <fmt/format.h>

#include <array>

#include "lib/base/file.h"

namespace reel3d {

RowChecksums::RowChecksums(const std::vector<ScoredVideo>& videos) {
  of_videos_.reserve(videos.size());
  for (const ScoredVideo& video : videos) {
    const std::string text = fmt::format("{}\t{}", video.id, video.label);
    of_videos_.push_back(Crc32(text.data(), text.size()));
  }
}

void RowChecksums::AddRow(uint32_t video, uint32_t first_frame, uint32_t number,
                          const float* values, size_t num_values) {
  uint32_t& crc32 = of_videos_[video];
  const std::array<uint32_t, 2> numbers = {first_frame, number};
  crc32 = Crc32(numbers.data(), sizeof(numbers), crc32);
  crc32 = Crc32(values, num_values * sizeof(float), crc32);
}

uint32_t RowChecksums::OfFile(const std::vector<std::string>& header,
                              const std::vector<std::string>& classes) const {
  std::string text;
  for (const std::vector<std::string>* lines : {&header, &classes}) {
    for (const std::string& line : *lines) {
      text += line + "\n";
    }
  }
  text.append(reinterpret_cast<const char*>(of_videos_.data()),
              of_videos_.size() * sizeof(uint32_t));
  return Crc32(text.data(), text.size());
}

}  // namespace reel3d
