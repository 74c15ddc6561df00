// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/check_shards.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/shard/data_doubts.h"
#include "lib/shard/shard_format.h"
#include "lib/shard/shard_reader.h"
#include "lib/shard/shard_set.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

struct Shard {
  fs::path path;
  std::shared_ptr<const ShardSet> set;  // of the shard's folder; null: the user named the file
  int number = 0;                       // within the folder
  std::string uuid;                     // expected by shards.tsv of the folder
};

// Warns only of tables that cannot be read or checked. Other doubts about the data concern training
// and evaluation, which report them.
void WarnOfUnreadable(const ShardSet& set) {
  for (const Doubt& doubt : DataDoubts(set)) {
    if (doubt.kind == DoubtKind::kUnreadable) {
      LogWarn(fmt::format("{}: {}", set.folder().string(), doubt.text));
    }
  }
}

std::vector<Shard> FindShards(const std::vector<std::string>& inputs) {
  std::vector<Shard> shards;
  for (const std::string& input : inputs) {
    if (!fs::is_directory(input)) {
      RequireFile(input, "a shard, or a folder made by pack-shards");
      shards.push_back({input, nullptr, 0, ""});
      continue;
    }
    const auto set = std::make_shared<const ShardSet>(input);  // throws if the tables are damaged
    set->RequireSoundIndex();
    WarnOfUnreadable(*set);
    for (const auto& [number, uuid] : ReadShardList(set->folder() / "shards.tsv")) {
      shards.push_back({set->folder() / ShardFileName(number), set, number, uuid});
    }
  }
  return shards;
}

// Checks shards, from any thread.
class Checker {
 public:
  void Check(const Shard& shard) {
    const ShardReader reader(shard.path);
    reader.Verify();
    if (shard.set) {
      if (reader.uuid() != shard.uuid) {
        throw InputError(fmt::format(
            "{}: it is another shard than the one that shards.tsv names: pack the shards again",
            shard.path.string()));
      }
      RequireAgreement(shard, reader);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    num_frames_ += static_cast<int64_t>(reader.table().num_frames());
    num_bytes_ += reader.table().data_bytes();
  }

  // Makes the next pack-shards write the shard again. If the shard itself is undamaged and only the
  // tables of its folder are wrong, pack-shards keeps the shard and writes the tables again.
  void Remove(const fs::path& shard) const {
    std::error_code absent;
    if (sound_.count(shard) == 0) {
      fs::remove(shard, absent);
    }
    fs::remove(shard.parent_path() / "DONE", absent);
  }

  int64_t num_frames() const { return num_frames_; }
  uint64_t num_bytes() const { return num_bytes_; }

 private:
  void RequireAgreement(const Shard& shard, const ShardReader& reader) {
    try {
      shard.set->RequireAgreement(shard.number, reader);
    } catch (const Error&) {
      const std::lock_guard<std::mutex> lock(mutex_);
      sound_.insert(shard.path);
      throw;
    }
  }

  std::mutex mutex_;
  std::set<fs::path> sound_;  // undamaged shards that contradict the tables of their folder
  int64_t num_frames_ = 0;
  uint64_t num_bytes_ = 0;
};

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
  Checker checker;
  CheckShardsReport report;
  report.damaged = RunItemLoop(ids, {"check", "shards", ThreadCount(options.threads)},
                               [&](const ItemTurn& turn) {
                                 checker.Check(shards[turn.item]);
                                 return ItemOutcome::kDone;
                               })
                       .failed;
  report.num_shards = static_cast<int64_t>(shards.size());
  report.num_frames = checker.num_frames();
  report.num_bytes = checker.num_bytes();
  if (options.remove_damaged) {
    for (const FailedItem& item : report.damaged) {
      checker.Remove(item.id);
    }
  }
  return report;
}

}  // namespace reel3d
