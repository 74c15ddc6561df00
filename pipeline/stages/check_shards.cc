// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/check_shards.h"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/shard/shard_format.h"
#include "lib/shard/shard_reader.h"
#include "lib/shard/shard_set.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

struct Shard {
  fs::path path;
  std::string uuid;  // that it must have; "" unknown
};

std::vector<Shard> FindShards(const std::vector<std::string>& inputs) {
  std::vector<Shard> shards;
  for (const std::string& input : inputs) {
    if (!fs::is_directory(input)) {
      RequireFile(input, "a shard, or a folder made by pack-shards");
      shards.push_back({input, ""});
      continue;
    }
    const ShardSet set(input);  // its tables must agree with each other
    for (const auto& [number, uuid] : ReadShardList(set.folder() / "shards.tsv")) {
      shards.push_back({set.folder() / ShardFileName(number), uuid});
    }
  }
  return shards;
}

// The next pack-shards notices that it is missing and writes it again.
void Remove(const fs::path& shard) {
  std::error_code absent;
  fs::remove(shard, absent);
  fs::remove(shard.parent_path() / "DONE", absent);
}

}  // namespace

void CheckShardsOptions::Bind(OptionBinder& binder) {
  binder.Positional("SHARD", &inputs, "shards (.h5), or folders made by pack-shards");
  binder.Bind("remove-damaged", &remove_damaged,
              "remove damaged shards; the same pack-shards command then makes them again",
              Effect::kOnce);
  binder.Bind("threads", &threads, {0, 1024},
              "shards checked at a time; 0: one for each core that the job may use",
              Effect::kRunOnly);
}

nlohmann::ordered_json CheckShardsReport::ToJson() const {
  nlohmann::ordered_json bad = nlohmann::ordered_json::array();
  for (const FailedItem& item : damaged) {
    bad.push_back({{"shard", item.id}, {"reason", item.reason}});
  }
  return {{"num_shards", num_shards},
          {"num_frames", num_frames},
          {"num_bytes", num_bytes},
          {"damaged", bad}};
}

CheckShardsReport RunCheckShards(const CheckShardsOptions& options) {
  const std::vector<Shard> shards = FindShards(options.inputs);
  std::vector<std::string> ids;
  for (const Shard& shard : shards) {
    ids.push_back(shard.path.string());
  }
  std::atomic<int64_t> num_frames{0};
  std::atomic<uint64_t> num_bytes{0};
  CheckShardsReport report;
  report.damaged = RunItemLoop(ids, {"check", "shards", ThreadCount(options.threads)},
                               [&](const ItemTurn& turn) {
                                 const Shard& shard = shards[turn.item];
                                 const ShardReader reader(shard.path);
                                 reader.Verify();
                                 if (!shard.uuid.empty() && reader.uuid() != shard.uuid) {
                                   throw InputError(fmt::format(
                                       "{}: it is another shard than the one that shards.tsv names",
                                       shard.path.string()));
                                 }
                                 num_frames += static_cast<int64_t>(reader.table().num_frames());
                                 num_bytes += reader.table().data_bytes();
                                 return ItemOutcome::kDone;
                               })
                       .failed;
  report.num_shards = static_cast<int64_t>(shards.size());
  report.num_frames = num_frames;
  report.num_bytes = num_bytes;
  if (options.remove_damaged) {
    for (const FailedItem& item : report.damaged) {
      Remove(item.id);
    }
  }
  return report;
}

}  // namespace reel3d
