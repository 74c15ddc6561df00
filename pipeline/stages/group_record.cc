// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/group_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/rng.h"
#include "lib/shard/shard_format.h"
#include "lib/shard/shard_index.h"
#include "lib/shard/shard_reader.h"
#include "pipeline/stages/not_packed.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "reel3d-group";
constexpr int kVersion = 1;

// One line a row, so that people can read the file.
template <class Rows, class Format>
std::string FormatRows(const Rows& rows, const Format& format) {
  std::string text;
  for (const auto& row : rows) {
    text += (text.empty() ? "\n  " : ",\n  ") + format(row);
  }
  return "[" + text + "]";
}

std::string Quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Format(const GroupRecord& record) {
  const auto shard = [](const GroupShard& row) {
    return fmt::format("[{}, {}, {}]", row.number, Quoted(row.uuid), row.size_bytes);
  };
  const auto video = [](const GroupVideo& row) {
    return fmt::format("[{}, {}, {}, {}, {}, {}]", row.row, row.shard, row.video_index,
                       row.num_frames, Json(row.fps).dump(), row.content);
  };
  const auto failure = [](const GroupFailure& row) {
    return fmt::format("[{}, {}, {}]", row.row, Quoted(row.stage), Quoted(row.reason));
  };
  const auto warning = [](const auto& row) {
    return fmt::format("[{}, {}]", Quoted(row.first), Quoted(row.second));
  };
  return fmt::format(
      "{{\"format\": \"{}\", \"version\": {}, \"plan\": {}, \"num_truncated\": {},\n"
      " \"sources\": {},\n \"shards\": {},\n \"videos\": {},\n \"failures\": {},\n"
      " \"warnings\": {}}}\n",
      kFormat, kVersion, Quoted(record.plan), record.num_truncated, Json(record.sources).dump(),
      FormatRows(record.shards, shard), FormatRows(record.videos, video),
      FormatRows(record.failures, failure), FormatRows(record.warnings, warning));
}

GroupRecord Parse(const Json& json) {
  GroupRecord record;
  record.plan = json.at("plan").get<std::string>();
  record.num_truncated = json.at("num_truncated").get<int64_t>();
  record.sources = json.at("sources").get<std::vector<int64_t>>();
  for (const Json& row : json.at("shards")) {
    record.shards.push_back(
        {row.at(0).get<int>(), row.at(1).get<std::string>(), row.at(2).get<uint64_t>()});
  }
  for (const Json& row : json.at("videos")) {
    record.videos.push_back({row.at(0).get<size_t>(), row.at(1).get<int>(), row.at(2).get<int>(),
                             row.at(3).get<int>(), row.at(4).get<double>(),
                             row.at(5).get<uint64_t>()});
  }
  for (const Json& row : json.at("failures")) {
    record.failures.push_back(
        {row.at(0).get<size_t>(), row.at(1).get<std::string>(), row.at(2).get<std::string>()});
  }
  for (const Json& row : json.at("warnings")) {
    record.warnings[row.at(0).get<std::string>()] = row.at(1).get<std::string>();
  }
  return record;
}

// Returns whether the shards of the record have its videos, in their order, from the first on.
bool HasSoundShards(const GroupRecord& record, const VideoGroup& group) {
  size_t shard = 0;
  int next = 0;  // video of that shard
  for (const GroupVideo& video : record.videos) {
    if (next > 0 && shard < record.shards.size() && record.shards[shard].number != video.shard) {
      ++shard;
      next = 0;
    }
    if (shard == record.shards.size() || record.shards[shard].number != video.shard ||
        video.video_index != next++ || video.num_frames < 1 || !(video.fps >= 0) ||
        video.fps > kMaxIndexedFps) {
      return false;
    }
  }
  int64_t last = static_cast<int64_t>(group.begin) - 1;
  for (const GroupShard& there : record.shards) {
    if (there.number <= last || there.number >= static_cast<int64_t>(group.end) ||
        there.uuid.find_first_not_of("0123456789abcdef-") != std::string::npos) {
      return false;
    }
    last = there.number;
  }
  return record.shards.size() == shard + (next > 0 ? 1 : 0);
}

// Throws an input error unless each row of the group is in one shard of the record, or has failed.
void RequireSound(const GroupRecord& record, const VideoGroup& group, const fs::path& file) {
  std::vector<size_t> rows;
  bool has_known_stages = true;
  for (const GroupFailure& failure : record.failures) {
    rows.push_back(failure.row);
    has_known_stages =
        has_known_stages && (failure.stage == kPrepStage || failure.stage == kPackStage);
  }
  for (const GroupVideo& video : record.videos) {
    rows.push_back(video.row);
  }
  std::sort(rows.begin(), rows.end());
  bool is_sound = has_known_stages && record.sources.size() == group.end - group.begin &&
                  rows.size() == group.end - group.begin && HasSoundShards(record, group);
  for (size_t i = 0; i < rows.size(); ++i) {
    is_sound = is_sound && rows[i] == group.begin + i;
  }
  if (!is_sound) {
    throw InputError(file.string() + ": does not have each video of its group once");
  }
}

bool HasShards(const fs::path& folder, const GroupRecord& record) {
  return std::all_of(record.shards.begin(), record.shards.end(), [&](const GroupShard& shard) {
    std::error_code absent;
    return fs::file_size(folder / ShardFileName(shard.number), absent) == shard.size_bytes;
  });
}

}  // namespace

std::string GroupPlan(const Manifest& manifest, const VideoGroup& group,
                      const std::vector<std::string>& classes, const std::string& settings) {
  std::string text =
      fmt::format("{} {} {}\n{}\n", kVersion, kShardVersion, classes.size(), settings);
  for (const std::string& name : classes) {
    text += name + "\n";
  }
  for (size_t i = group.begin; i < group.end; ++i) {
    const VideoRow& row = manifest.videos[i];
    text += fmt::format("{}\t{}\t{}\t{}\t{}\n", row.id, row.path, row.label,
                        row.begin_s.value_or(-1), row.end_s.value_or(-1));
  }
  return fmt::format("{:016x}", StableHash(text));
}

std::vector<int64_t> SourceSizes(const Manifest& manifest, const VideoGroup& group) {
  std::vector<int64_t> sizes;
  for (size_t row = group.begin; row < group.end; ++row) {
    std::error_code absent;
    const uintmax_t size_bytes = fs::file_size(manifest.VideoPath(manifest.videos[row]), absent);
    sizes.push_back(absent ? -1 : static_cast<int64_t>(size_bytes));
  }
  return sizes;
}

fs::path GroupRecordFile(const fs::path& folder, const VideoGroup& group) {
  return folder / kGroupsFolder / fmt::format("{:05}.json", group.begin);
}

void WriteGroupRecord(const fs::path& folder, const VideoGroup& group, const GroupRecord& record) {
  MakeFolders(folder / kGroupsFolder);
  WriteFileAtomically(GroupRecordFile(folder, group), Format(record));
}

std::optional<GroupRecord> ReadGroupRecord(const fs::path& folder, const VideoGroup& group,
                                           const std::string& plan) {
  const fs::path file = GroupRecordFile(folder, group);
  if (!fs::exists(file)) {
    return std::nullopt;
  }
  try {
    const Json json = ReadJsonObject(file, uint64_t{1} << 30);
    GroupRecord record;
    UseJson(file.string(), [&] {
      if (json.at("format") == kFormat && json.at("version") == kVersion) {
        record = Parse(json);
      }
    });
    if (record.plan != plan) {
      return std::nullopt;
    }
    RequireSound(record, group, file);
    return HasShards(folder, record) ? std::optional(std::move(record)) : std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    LogWarn(fmt::format("{}; packing the group again", error.what()));
    return std::nullopt;
  }
}

std::string GroupRecordText(const fs::path& folder, const VideoGroup& group) {
  try {
    return ReadFile(GroupRecordFile(folder, group));
  } catch (const Error&) {
    return "";
  }
}

bool DescribesShards(const fs::path& folder, const GroupRecord& record) {
  return std::all_of(record.shards.begin(), record.shards.end(), [&](const GroupShard& shard) {
    try {
      return ShardReader(folder / ShardFileName(shard.number)).uuid() == shard.uuid;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) {
        throw;
      }
      LogWarn(error.what());
      return false;
    }
  });
}

SourceChange ChangeOfSources(const GroupRecord& record, const VideoGroup& group,
                             const std::vector<int64_t>& sources) {
  SourceChange change = SourceChange::kNone;
  for (const GroupVideo& video : record.videos) {
    const size_t i = video.row - group.begin;
    if (sources[i] < 0) {
      return SourceChange::kSomeGone;
    }
    if (sources[i] != record.sources[i]) {
      change = SourceChange::kSomeChanged;
    }
  }
  return change;
}

}  // namespace reel3d
