// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/equal_frames.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/base/tsv_writer.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace {

constexpr uint64_t kMostRowBytes = 2 * kMaxIdBytes + 3;  // two ids, tab, CR, LF
constexpr uint64_t kMostOtherBytes = 64;                 // byte order mark, header

const std::vector<std::string>& Columns() {
  static const std::vector<std::string> columns = {"validation_id", "training_id"};
  return columns;
}

}  // namespace

uint64_t ContentHash(const ShardTable& table, size_t video) {
  std::string text;
  for (uint64_t frame = table.first_frames[video]; frame < table.first_frames[video + 1]; ++frame) {
    text += fmt::format("{} {}\n", table.offsets[frame + 1] - table.offsets[frame],
                        table.frame_crc32[frame]);
  }
  return StableHash(text);
}

HeldOutCopies FindEqualFrames(const std::vector<IndexedVideo>& index,
                              const std::vector<uint64_t>& contents) {
  std::unordered_map<uint64_t, size_t> training;
  for (size_t video = 0; video < index.size(); ++video) {
    if (index[video].subset == Subset::kTraining) {
      training.emplace(contents[video], video);
    }
  }
  HeldOutCopies pairs;
  for (size_t video = 0; video < index.size(); ++video) {
    if (index[video].subset == Subset::kValidation) {
      if (const auto same = training.find(contents[video]); same != training.end()) {
        pairs.emplace_back(index[video].id, index[same->second].id);
      }
    }
  }
  return pairs;
}

HeldOutCopies ReadEqualFrames(const std::filesystem::path& file,
                              const std::vector<IndexedVideo>& index) {
  std::unordered_map<std::string_view, Subset> subset_of_id;
  for (const IndexedVideo& video : index) {
    subset_of_id.emplace(video.id, video.subset);
  }
  const uint64_t max_bytes = kMostOtherBytes + index.size() * kMostRowBytes;
  TsvReader reader(file, Columns(), max_bytes);
  const auto require = [&](size_t column, Subset subset) {
    const auto found = subset_of_id.find(reader.Text(column));
    if (found == subset_of_id.end() || found->second != subset) {
      reader.Fail(column, fmt::format("no {} video of that id is packed", SubsetName(subset)));
    }
  };
  HeldOutCopies pairs;
  while (reader.NextRow()) {
    require(0, Subset::kValidation);
    require(1, Subset::kTraining);
    pairs.emplace_back(reader.Text(0), reader.Text(1));
  }
  return pairs;
}

void WriteEqualFrames(const std::filesystem::path& file, const HeldOutCopies& pairs) {
  TsvWriter table(Columns());
  for (const auto& [held_out, training] : pairs) {
    table.Row(held_out, training);
  }
  WriteFileAtomically(file, table.text());
}

}  // namespace reel3d
