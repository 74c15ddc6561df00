// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/known_slices.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/visible_text.h"
#include "lib/shard/shard_set.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;
using Columns = std::vector<SliceColumn>;

// Calls `work`. An input error becomes a warning.
template <class Work>
void Attempt(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    LogWarn(fmt::format("a table for slices is passed over: {}", error.what()));
  }
}

bool IsThere(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// A report may name a folder that this user may not see, or a name that no file can have.
bool IsFolder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

// Makefile.workflow leaves an empty table if measure-videos fails.
bool IsTable(const fs::path& file) {
  std::error_code error;
  return fs::file_size(file, error) > 0 && !error;
}

// Returns the folder of shards that report.json of score-videos names; "" if it names none, as
// after score-videos --from-videos. A report that cannot be read is reported elsewhere.
fs::path NamedShards(const fs::path& scores_dir, const std::string& data) {
  const fs::path file = scores_dir / "report.json";
  Json report = Json::object();
  try {
    report = IsThere(file) ? ReadJsonObject(file) : report;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
  }
  if (MemberOr(MemberOr(report, "clip", Json::object()), "from_videos", false)) {
    return {};
  }
  for (const Json& input : MemberOr(report, "inputs", Json::array())) {
    if (input.is_object() && MemberOr(input, "identity", std::string()) == data) {
      return MemberOr(input, "path", std::string());
    }
  }
  return {};
}

// Returns each of `folders` that is not empty, once.
std::vector<fs::path> Different(const std::vector<fs::path>& folders) {
  std::vector<fs::path> different;
  for (const fs::path& folder : folders) {
    std::error_code error;
    if (!folder.empty() &&
        std::none_of(different.begin(), different.end(), [&](const fs::path& other) {
          return folder == other || fs::equivalent(folder, other, error);
        })) {
      different.push_back(folder);
    }
  }
  return different;
}

Columns ColumnsOfTable(const fs::path& table, const ScoredIds& scored) {
  Columns columns = ReadMeasuredColumns(table, scored);
  std::stable_partition(columns.begin(), columns.end(),
                        [](const SliceColumn& column) { return column.name == kDurationColumn; });
  return columns;
}

Columns ColumnsOfIndex(const ShardSet& shards, const std::vector<std::string>& ids) {
  SliceColumn durations = {kDurationColumn, {}};
  SliceColumn rates = {"fps", {}};
  for (const std::string& id : ids) {
    const std::optional<size_t> place = shards.videos().Find(id);
    const IndexedVideo video = place ? shards.videos()[*place] : IndexedVideo();
    const bool is_known = place && video.fps > 0;
    rates.values.push_back(is_known ? fmt::format("{}", video.fps) : "");
    durations.values.push_back(is_known ? DurationText(video.num_frames, video.fps) : "");
  }
  return {durations, rates};
}

bool Holds(const ShardSet& shards, const std::string& data) {
  return fmt::format("{:08x}", shards.fingerprint()) == data;
}

// Returns nothing if the folder holds other data.
std::optional<Columns> ColumnsOfShards(const fs::path& folder, const ScoredIds& scored) {
  const ShardSet shards(folder);
  return Holds(shards, scored.data) ? std::optional(ColumnsOfIndex(shards, scored.ids))
                                    : std::nullopt;
}

// A report may name the shards from another working folder, where the same name has other shards.
bool IsOfOtherData(const fs::path& folder, const std::string& data) {
  try {
    return IsThere(folder / "DONE") && !Holds(ShardSet(folder), data);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    return true;
  }
}

}  // namespace

std::vector<SliceColumn> FindSliceColumns(const fs::path& scores_dir, const ScoredIds& scored) {
  const fs::path run = (scores_dir / "..").lexically_normal();
  const fs::path named = NamedShards(scores_dir, scored.data);
  const fs::path beside_named = named.empty() ? fs::path() : named / "..";
  std::optional<Columns> known;
  for (const fs::path& folder : Different({run, beside_named})) {
    const fs::path table = (folder / kMeasuredTable).lexically_normal();
    if (!known && IsTable(table) && (folder == run || !IsOfOtherData(named, scored.data))) {
      Attempt([&] { known = ColumnsOfTable(table, scored); });
    }
  }
  for (const fs::path& folder : Different({run / "shards", named})) {
    if (!known && IsFolder(folder)) {
      Attempt([&] { known = ColumnsOfShards(folder, scored); });
    }
  }
  if (!known && !named.empty()) {
    LogInfo(fmt::format(
        "slices are made of the number of windows only: there is no {} beside the scores, and {} "
        "is gone or is not what was scored; --slices names a table",
        kMeasuredTable, Escaped(named.string())));
  }
  return known.value_or(Columns());
}

}  // namespace reel3d
