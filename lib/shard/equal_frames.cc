// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/equal_frames.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/base/tsv_writer.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace {

constexpr uint64_t kMostRowBytes = 2 * kMaxIdBytes + 3;  // two ids, tab, CR, LF
constexpr uint64_t kMostOtherBytes = 64;                 // byte order mark, header

const std::vector<std::string>& PairColumns() {
  static const std::vector<std::string> columns = {"validation_id", "training_id"};
  return columns;
}

// Throws an input error unless the ids of `pairs`, the rows of `file`, are in the index.
void RequireIndexed(const std::filesystem::path& file, const VideoIndex& index,
                    const HeldOutCopies& pairs) {
  std::unordered_map<uint64_t, std::optional<Subset>> subset_of;  // by hash of the id
  for (const auto& [held_out, training] : pairs) {
    subset_of[StableHash(held_out)];
    subset_of[StableHash(training)];
  }
  index.Scan([&](size_t /*video*/, const IndexRecord& record) {
    if (const auto found = subset_of.find(record.id_hash); found != subset_of.end()) {
      found->second = static_cast<Subset>(record.subset);
    }
  });
  constexpr size_t kFirstRowLine = 2;
  for (size_t row = 0; row < pairs.size(); ++row) {
    for (const auto& [id, subset, column] : {std::tuple(pairs[row].first, Subset::kValidation, 0),
                                             std::tuple(pairs[row].second, Subset::kTraining, 1)}) {
      if (subset_of.at(StableHash(id)) != subset) {
        throw InputError(fmt::format("{}:{}: column {}: no {} video of that id is packed",
                                     file.string(), row + kFirstRowLine, PairColumns().at(column),
                                     SubsetName(subset)));
      }
    }
  }
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

HeldOutCopies ReadEqualFrames(const std::filesystem::path& file, const VideoIndex& index) {
  TsvReader reader(file, PairColumns(), kMostOtherBytes + index.size() * kMostRowBytes);
  HeldOutCopies pairs;
  while (reader.NextRow()) {
    pairs.emplace_back(reader.Text(0), reader.Text(1));
  }
  RequireIndexed(file, index, pairs);
  return pairs;
}

void WriteEqualFrames(const std::filesystem::path& file, const HeldOutCopies& pairs) {
  TsvWriter table(PairColumns());
  for (const auto& [held_out, training] : pairs) {
    table.Row(held_out, training);
  }
  WriteFileAtomically(file, table.text());
}

}  // namespace reel3d
