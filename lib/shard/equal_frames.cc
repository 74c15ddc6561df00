// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/equal_frames.h"

#include <fmt/format.h>

#include <unordered_map>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace {

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

SameContentPairs FindSameContent(const std::vector<IndexedVideo>& index,
                                 const std::vector<uint64_t>& contents) {
  std::unordered_map<uint64_t, size_t> training;
  for (size_t video = 0; video < index.size(); ++video) {
    if (index[video].subset == Subset::kTraining) {
      training.emplace(contents[video], video);
    }
  }
  SameContentPairs pairs;
  for (size_t video = 0; video < index.size(); ++video) {
    if (index[video].subset == Subset::kValidation) {
      if (const auto same = training.find(contents[video]); same != training.end()) {
        pairs.emplace_back(index[video].id, index[same->second].id);
      }
    }
  }
  return pairs;
}

SameContentPairs ReadSameContent(const std::filesystem::path& file) {
  TsvReader reader(file, Columns());
  SameContentPairs pairs;
  while (reader.NextRow()) {
    pairs.emplace_back(reader.Text(0), reader.Text(1));
  }
  return pairs;
}

void WriteSameContent(const std::filesystem::path& file, const SameContentPairs& pairs) {
  std::string text = fmt::format("{}\n", fmt::join(Columns(), "\t"));
  for (const auto& [held_out, training] : pairs) {
    text += fmt::format("{}\t{}\n", held_out, training);
  }
  WriteFileAtomically(file, text);
}

}  // namespace reel3d
