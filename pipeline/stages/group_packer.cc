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
#include "lib/base/timer.h"
#include "lib/data/prepared_folder.h"
#include "lib/shard/shard_plan.h"
#include "pipeline/stages/gone_sources.h"
#include "pipeline/stages/not_packed.h"
#include "pipeline/stages/shard_packer.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kVanished =
    "{}: prepared videos have vanished, such as {}: name a --scratch that nothing cleans, and run "
    "the same command again";

// Adds the time of its life to a sum.
class TimeAdded {
 public:
  explicit TimeAdded(double* sum_s) : sum_s_(sum_s) {}
  ~TimeAdded() { *sum_s_ += clock_.Seconds(); }
  TimeAdded(const TimeAdded&) = delete;
  TimeAdded& operator=(const TimeAdded&) = delete;

 private:
  double* const sum_s_;
  const Stopwatch clock_;
};

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

// Returns the failures without the path of the scratch folder, which is gone when they are read.
std::vector<FailedItem> WithoutFolder(const fs::path& folder, std::vector<FailedItem> failed) {
  const std::string path = folder.string() + "/";
  for (FailedItem& item : failed) {
    for (size_t at = 0; (at = item.reason.find(path)) != std::string::npos;) {
      item.reason.erase(at, path.size());
    }
  }
  return failed;
}

}  // namespace

GroupPacker::GroupPacker(GroupPackerOptions options, const Manifest& manifest,
                         const std::vector<std::string>& classes, const ScratchFolder& scratch)
    : options_(std::move(options)), manifest_(manifest), classes_(classes), scratch_(scratch) {}

GroupPacker::Result GroupPacker::Pack(const VideoGroup& group, const StageOutput& output,
                                      WorkNotes* notes) {
  Order order{group, GroupPlan(manifest_, group, classes_, output.settings()), ""};
  const std::string text = GroupRecordText(output.folder(), group);
  std::optional<GroupRecord> there = ReadGroupRecord(output.folder(), group, order.plan);
  if (there) {
    order.replaced = text;
  }
  if (there && !output.must_redo()) {
    const std::vector<int64_t> sources = SourceSizes(manifest_, group);
    const SourceChange change = ChangeOfSources(*there, group, sources);
    const bool is_current =
        change == SourceChange::kNone && !Retry(sources, output, notes, order, *there);
    if (is_current || change == SourceChange::kSomeGone) {
      return {std::move(*there), true};
    }
  }
  return PackAgain(order, output, notes);
}

GroupPacker::Result GroupPacker::PackAgain(const Order& order, const StageOutput& output,
                                           WorkNotes* notes) {
  const VideoGroup& group = order.group;
  if (!output.must_redo()) {
    RequireSourcesOfShards(output.folder(), manifest_, group);
  }
  // An earlier task at the group was killed, or counts as dead.
  RemoveUnpublishedShards(output.folder(), group.begin, group.end);
  Result result;
  result.record.plan = order.plan;
  result.record.sources = SourceSizes(manifest_, group);
  try {
    const Rows rows = RowsOf(NumbersOf(group));
    Prepare(rows, output, notes, &result.record);
    PackPrepared(order, rows, output, notes, &result);
    scratch_.Clear();
  } catch (const Error&) {
    if (auto others = OfOthers(order, output)) {  // which took away the unfinished shards
      scratch_.Clear();
      return {std::move(*others), true};
    }
    throw;
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

std::optional<GroupRecord> GroupPacker::OfOthers(const Order& order,
                                                 const StageOutput& output) const {
  if (GroupRecordText(output.folder(), order.group) == order.replaced) {
    return std::nullopt;
  }
  return ReadGroupRecord(output.folder(), order.group, order.plan);
}

int64_t GroupPacker::NumWorkers() const {
  return ProcessCount(options_.preparation.threads, kPrepWorker_bytes);
}

void GroupPacker::Prepare(const Rows& rows, const StageOutput& output, WorkNotes* notes,
                          GroupRecord* record) {
  const TimeAdded added(&prepare_s_);
  PrepTools tools(rows.manifest, scratch_.path(), options_.preparation);
  std::vector<FailedItem> failed;
  PrepVideosReport report;
  try {
    report = Preparation(&tools, output, TaskSlice(), notes).Run(&failed);
  } catch (const Error& error) {
    if (!error.IsDiskFull()) {  // preparing writes nowhere else
      throw;
    }
    throw Error(error.kind(),
                fmt::format("{}; the folder of --scratch must hold {} prepared videos: name a "
                            "larger disk, or start in a new OUT_DIR with fewer --group-videos",
                            error.what(), rows.numbers.size()),
                error.system_error());
  }
  scratch_.RequireThere();
  std::unordered_map<std::string, std::string> reasons;
  for (const FailedItem& item : failed) {
    reasons.emplace(item.id, item.reason);
  }
  for (size_t i = 0; i < rows.numbers.size(); ++i) {
    const auto reason = reasons.find(rows.manifest.videos[i].id);
    if (reason != reasons.end()) {
      record->failures.push_back({rows.numbers[i], kPrepStage, reason->second});
    }
  }
  record->warnings.insert(report.warnings.begin(), report.warnings.end());
  record->num_truncated += report.num_truncated;
}

bool GroupPacker::Retry(const std::vector<int64_t>& sources, const StageOutput& output,
                        WorkNotes* notes, const Order& order, const GroupRecord& record) {
  std::vector<size_t> numbers;
  for (const GroupFailure& failure : record.failures) {
    const size_t row = failure.row - order.group.begin;
    if (failure.stage != kPackStage || sources[row] != record.sources[row]) {
      numbers.push_back(failure.row);
    }
  }
  if (numbers.empty()) {
    return false;
  }
  GroupRecord retried;
  Prepare(RowsOf(numbers), output, notes, &retried);
  scratch_.Clear();
  return retried.failures.size() < numbers.size();
}

void GroupPacker::PackPrepared(const Order& order, const Rows& rows, const StageOutput& output,
                               WorkNotes* notes, Result* result) {
  const TimeAdded added(&pack_s_);
  const VideoGroup& group = order.group;
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
  scratch_.RequireThere();
  for (const FailedItem& item : failed) {
    if (!fs::exists(PreparedFile(scratch_.path(), item.id))) {
      throw EnvironmentError(fmt::format(kVanished, scratch_.path().string(), item.id));
    }
  }
  if (!output.must_redo()) {
    RequireSourcesOfShards(output.folder(), manifest_, group);  // they were there at the start
  }
  packer.Sync();
  output.RequireOurs();
  // Another task may have packed the group meanwhile, with fewer failures or more. Its shards may
  // be in the tables already.
  if (auto others = OfOthers(order, output)) {
    *result = {std::move(*others), true};
    return;
  }
  fs::remove(GroupRecordFile(output.folder(), group));  // at no time it describes other shards
  packer.Publish();
  AddPacked(rows.numbers, rows.manifest, packer.Packed(), WithoutFolder(scratch_.path(), failed),
            output.folder(), record);
  WriteGroupRecord(output.folder(), group, *record);
  notes->CountFinished();
}

}  // namespace reel3d
