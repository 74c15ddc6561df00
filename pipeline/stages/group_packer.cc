// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/group_packer.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/data/prepared_folder.h"
#include "lib/shard/shard_plan.h"
#include "pipeline/stages/not_packed.h"
#include "pipeline/stages/shard_packer.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kVanished =
    "{}: prepared videos have vanished, such as {}: name a --scratch that nothing cleans, and run "
    "the same command again";

std::vector<size_t> NumbersOf(const VideoGroup& group) {
  std::vector<size_t> numbers(group.end - group.begin);
  std::iota(numbers.begin(), numbers.end(), group.begin);
  return numbers;
}

// Adds to `record` the videos in the shards, which are published, and those that failed. `numbers`
// has the row of each video of `rows`.
void AddPacked(const std::vector<size_t>& numbers, const Manifest& rows, const PackedVideos& packed,
               const std::vector<FailedItem>& failed, const fs::path& folder, GroupRecord* record) {
  std::unordered_map<std::string, size_t> number_of_id;
  for (size_t i = 0; i < numbers.size(); ++i) {
    number_of_id.emplace(rows.videos[i].id, numbers[i]);
  }
  for (const auto& [number, uuid] : packed.uuids) {
    record->shards.push_back({number, uuid, fs::file_size(folder / ShardFileName(number))});
  }
  for (size_t i = 0; i < packed.index.size(); ++i) {
    const IndexedVideo& video = packed.index[i];
    record->videos.push_back({number_of_id.at(video.id), video.shard, video.video_index,
                              video.num_frames, video.fps, packed.contents[i]});
  }
  for (const FailedItem& item : failed) {
    record->failures.push_back({number_of_id.at(item.id), item.stage, item.reason});
  }
}

}  // namespace

GroupPacker::GroupPacker(GroupPackerOptions options, const Manifest& manifest,
                         const std::vector<std::string>& classes, const ScratchFolder& scratch)
    : options_(std::move(options)), manifest_(manifest), classes_(classes), scratch_(scratch) {}

GroupPacker::Result GroupPacker::Pack(const VideoGroup& group, const StageOutput& output,
                                      WorkNotes* notes) {
  const std::string plan = GroupPlan(manifest_, group, classes_, output.settings());
  std::optional<GroupRecord> there;
  if (!output.must_redo()) {
    there = ReadGroupRecord(output.folder(), group, plan);
  }
  if (there) {
    const SourceChange change = ChangeOfSources(*there, group, SourceSizes(manifest_, group));
    const bool is_current = change == SourceChange::kNone && !Retry(output, notes, &*there);
    if (is_current || change == SourceChange::kSomeGone) {
      return {std::move(*there), true};
    }
  }
  return PackAgain(group, plan, output, notes);
}

GroupPacker::Result GroupPacker::PackAgain(const VideoGroup& group, const std::string& plan,
                                           const StageOutput& output, WorkNotes* notes) {
  Result result;
  result.record.plan = plan;
  result.record.sources = SourceSizes(manifest_, group);
  try {
    const Rows rows = RowsOf(NumbersOf(group));
    Prepare(rows, output, notes, &result.record);
    PackPrepared(group, rows, output, notes, &result);
    scratch_.Clear();
  } catch (const Error& error) {
    const std::string what = error.what();
    const bool is_full = what.find("free some space") != std::string::npos;
    if (!is_full || what.find(scratch_.path().string()) == std::string::npos) {
      throw;
    }
    throw EnvironmentError(fmt::format(
        "{}; the folder of --scratch must hold {} prepared videos: name a larger disk, or start in "
        "a new OUT_DIR with fewer --group-videos",
        what, group.end - group.begin));
  }
  return result;
}

GroupPacker::Rows GroupPacker::RowsOf(const std::vector<size_t>& numbers) const {
  Rows rows;
  rows.numbers = numbers;
  rows.manifest.folder = manifest_.folder;
  for (const size_t number : numbers) {
    rows.manifest.videos.push_back(manifest_.videos[number]);
  }
  return rows;
}

void GroupPacker::RequireScratch(const std::vector<FailedItem>& failed) const {
  scratch_.RequireThere();
  for (const FailedItem& item : failed) {
    if (item.reason.find(scratch_.path().string()) != std::string::npos) {
      throw EnvironmentError(item.reason);
    }
  }
}

void GroupPacker::Prepare(const Rows& rows, const StageOutput& output, WorkNotes* notes,
                          GroupRecord* record) {
  PrepTools tools(rows.manifest, scratch_.path(), options_.preparation);
  std::vector<FailedItem> failed;
  const PrepVideosReport report = Preparation(&tools, output, TaskSlice(), notes).Run(&failed);
  RequireScratch(failed);
  std::unordered_map<std::string, std::string> reasons;
  for (const FailedItem& item : failed) {
    reasons.emplace(item.id, item.reason);
  }
  for (size_t i = 0; i < rows.numbers.size(); ++i) {
    const auto reason = reasons.find(rows.manifest.videos[i].id);
    if (reason != reasons.end()) {
      record->failures.push_back({rows.numbers[i], "prep", reason->second});
    }
  }
  record->warnings.insert(report.warnings.begin(), report.warnings.end());
  record->num_truncated += report.num_truncated;
}

bool GroupPacker::Retry(const StageOutput& output, WorkNotes* notes, GroupRecord* record) {
  if (record->failures.empty()) {
    return false;
  }
  std::vector<size_t> numbers;
  for (const GroupFailure& failure : record->failures) {
    numbers.push_back(failure.row);
  }
  GroupRecord retried;
  Prepare(RowsOf(numbers), output, notes, &retried);
  scratch_.Clear();
  return retried.failures.size() < numbers.size();
}

void GroupPacker::PackPrepared(const VideoGroup& group, const Rows& rows, const StageOutput& output,
                               WorkNotes* notes, Result* result) {
  GroupRecord* record = &result->record;
  PackPlan plan = PlanPack(rows.manifest, classes_, scratch_.path());
  if (plan.missing.size() != record->failures.size()) {
    throw EnvironmentError(
        fmt::format(kVanished, scratch_.path().string(), plan.missing.front().id));
  }
  for (PlannedVideo& video : plan.videos) {
    video.group = static_cast<int>(group.begin);
  }
  ShardPacker packer(
      {scratch_.path(), options_.shard_size_bytes, ThreadCount(options_.threads), true}, plan,
      output);
  const std::vector<FailedItem> failed = packer.Pack();
  RequireScratch({});
  for (const FailedItem& item : failed) {
    if (!fs::exists(PreparedFile(scratch_.path(), item.id))) {
      throw EnvironmentError(fmt::format(kVanished, scratch_.path().string(), item.id));
    }
  }
  output.RequireOurs();
  if (!notes->IsOurs()) {
    if (auto others = ReadGroupRecord(output.folder(), group, record->plan)) {
      *result = {std::move(*others), true};
      return;
    }
  }
  packer.Publish();
  AddPacked(rows.numbers, rows.manifest, packer.Packed(), failed, output.folder(), record);
  WriteGroupRecord(output.folder(), group, *record);
  notes->CountFinished();
}

}  // namespace reel3d
