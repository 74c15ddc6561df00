// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/pack_videos.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/passport.h"
#include "lib/shard/shard_plan.h"
#include "lib/shard/table_checksums.h"
#include "pipeline/stages/group_packer.h"
#include "pipeline/stages/group_record.h"
#include "pipeline/stages/not_packed.h"
#include "pipeline/stages/packed_tables.h"
#include "pipeline/support/scratch_folder.h"
#include "pipeline/support/shared_stage.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace fs = std::filesystem;

void PackVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest, as list-videos writes it");
  binder.Positional("OUT_DIR", &out_dir, "folder for the shards");
  binder.Bind("scratch", &scratch,
              "folder on a disk of this host for the prepared videos of the group at work; they "
              "are removed when the group's shards are complete. Empty: the folder that TMPDIR "
              "names, else /tmp",
              Effect::kRunOnly);
  PackingOptions::Bind(binder, 1);
  BindPreparing(binder);
  binder.Bind("overwrite", &overwrite,
              "make every group again, even if OUT_DIR was made with other settings",
              Effect::kOnce);
  slice.Bind(binder);
  sharing.Bind(binder);
}

void PackVideosOptions::Check() {
  preparation.Check();
  sharing.Resolve(&slice, overwrite);
}

nlohmann::ordered_json PackVideosReport::ToJson() const {
  return {{"num_videos", num_videos},
          {"num_packed", num_packed},
          {"num_not_prepared", num_not_prepared},
          {"num_failed", num_failed},
          {"num_shards", num_shards},
          {"num_frames", num_frames},
          {"num_truncated", num_truncated},
          {"num_groups", num_groups},
          {"num_groups_kept", num_groups_kept},
          {"workers", num_workers},
          {"prepare_seconds", prepare_s},
          {"pack_seconds", pack_s},
          {"warnings", warnings}};
}

namespace {

void AddRecord(const GroupRecord& record, PackVideosReport* report) {
  report->num_videos += static_cast<int64_t>(record.videos.size() + record.failures.size());
  report->num_packed += static_cast<int64_t>(record.videos.size());
  for (const GroupFailure& failure : record.failures) {
    (failure.stage == kPackStage ? report->num_failed : report->num_not_prepared) += 1;
  }
  report->num_shards += static_cast<int64_t>(record.shards.size());
  for (const GroupVideo& video : record.videos) {
    report->num_frames += video.num_frames;
  }
  report->num_truncated += record.num_truncated;
  report->num_groups += 1;
  report->warnings.insert(record.warnings.begin(), record.warnings.end());
}

// Holds the manifest and what belongs to it. The constructor refuses wrong input, and a scratch
// folder that is not there, before it touches the output.
class PackVideosRun {
 public:
  explicit PackVideosRun(const PackVideosOptions& options)
      : options_(options),
        manifest_(ReadManifest(options.manifest)),
        no_files_(ReadMissingFiles(options.manifest)),
        groups_(GroupsOf(options)),
        listed_(ListedPassport(options.manifest, manifest_, no_files_)),
        classes_(ReadClasses(options.ClassesBeside(manifest_.folder))),
        labels_(LabelRows(manifest_, classes_)),
        scratch_(options.scratch),
        output_(StageRunOf(options)) {}

  PackVideosReport Run() {
    MakeFolders(output_.folder() / kGroupsFolder);  // shows at once how the folder is packed
    WarnIfScratchIsShared();
    GroupPackerOptions packing{options_.SettingsOfWorkers(), options_.shard_size_bytes(),
                               options_.threads};
    packing.preparation.files_stay = false;
    GroupPacker packer(packing, manifest_, classes_, scratch_);
    const bool is_whole = options_.sharing.is_on() ? RunShared(&packer) : RunFixedShare(&packer);
    PackVideosReport report = joined_.value_or(own_);
    report.over_tolerance = !is_whole;
    if (is_whole && joined_) {
      WarnOfDoubts(output_.folder());
    }
    return report;
  }

 private:
  void WarnIfScratchIsShared() const {
    struct stat scratch {
    }, shards{};
    const bool is_shared = options_.sharing.is_on() || options_.slice.tasks > 1;
    if (is_shared && stat(scratch_.path().c_str(), &scratch) == 0 &&
        stat(output_.folder().c_str(), &shards) == 0 && scratch.st_dev == shards.st_dev) {
      LogWarn(
          fmt::format("--scratch {} is on the same disk as {}: prepared videos are written and "
                      "removed there; a folder on a disk of this host is faster",
                      scratch_.path().parent_path().string(), output_.folder().string()));
    }
  }

  std::vector<VideoGroup> GroupsOf(const PackVideosOptions& options) const {
    PackPlan not_used;
    AddNoFiles(manifest_, no_files_, &not_used);
    const std::vector<size_t> cuts = CutIntoGroups(manifest_, options.group_videos);
    std::vector<VideoGroup> groups;
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
      groups.push_back({i, cuts[i], cuts[i + 1]});
    }
    if (groups.empty()) {
      throw InputError(options.manifest + ": has no videos");
    }
    return groups;
  }

  StageRun StageRunOf(const PackVideosOptions& options) {
    StageRun run{options.out_dir,     "pack-videos",
                 SettingsOf(options), {{options.manifest, FileIdentity(options.manifest)}},
                 options.overwrite,   options.slice};
    if (!no_files_.empty()) {
      const std::string table = MissingFilesPath(options.manifest).string();
      run.inputs.push_back({table, FileIdentity(table)});
    }
    run.is_shared = options.sharing.is_on();
    run.join = [this](nlohmann::ordered_json* report, std::vector<FailedItem>* failed) {
      Join(report, failed);
    };
    run.done = [this] {
      if (joined_->num_packed == 0) {
        throw InputError(fmt::format("none of the {} videos of {} could be packed: see {}",
                                     manifest_.videos.size(), options_.manifest,
                                     (output_.folder() / kFailedFile).string()));
      }
      RemoveOthers();
      return FormatTableChecksums(output_.folder());
    };
    return run;
  }

  // Packs the groups of a slice.
  SliceResult PackSlice(GroupPacker* packer, const StageOutput& output, const TaskSlice& slice,
                        WorkNotes* notes) {
    PackVideosReport of_slice;
    SliceResult result;
    of_slice.num_workers = own_.num_workers = packer->NumWorkers();
    const double prepare_s = packer->prepare_s(), pack_s = packer->pack_s();
    for (const VideoGroup& group : groups_) {
      if (!slice.Mine(group.index)) {
        continue;
      }
      const GroupPacker::Result packed = packer->Pack(group, output, notes);
      for (PackVideosReport* report : {&of_slice, &own_}) {
        AddRecord(packed.record, report);
        report->num_groups_kept += packed.was_kept ? 1 : 0;
      }
      AddFailures(packed.record, &result.failed);
    }
    of_slice.prepare_s = packer->prepare_s() - prepare_s;
    of_slice.pack_s = packer->pack_s() - pack_s;
    own_.prepare_s = packer->prepare_s();
    own_.pack_s = packer->pack_s();
    result.report = of_slice.ToJson();
    result.num_items = of_slice.num_videos;
    return result;
  }

  void AddFailures(const GroupRecord& record, std::vector<FailedItem>* failed) const {
    for (const GroupFailure& failure : record.failures) {
      failed->push_back({manifest_.videos[failure.row].id, failure.stage, failure.reason});
    }
  }

  bool RunShared(GroupPacker* packer) {
    const int num_slices = options_.sharing.SlicesOf(static_cast<int64_t>(groups_.size()));
    SharedStage stage{output_, options_.sharing, num_slices, options_.max_failed_fraction,
                      [&](const SliceTurn& turn) {
                        return PackSlice(packer, turn.output, turn.slice, turn.notes);
                      }};
    stage.find_lost = [this, num_slices] { return LostSlices(num_slices); };
    return RunSharedStage(stage);
  }

  bool RunFixedShare(GroupPacker* packer) {
    WorkNotes no_notes;
    const SliceResult result = PackSlice(packer, output_, options_.slice, &no_notes);
    return output_.Finish(result.report, result.failed,
                          {result.num_items, static_cast<int64_t>(result.failed.size()),
                           options_.max_failed_fraction});
  }

  std::optional<GroupRecord> RecordOf(const VideoGroup& group) const {
    return ReadGroupRecord(output_.folder(), group,
                           GroupPlan(manifest_, group, classes_, output_.settings()));
  }

  std::vector<int> LostSlices(int num_slices) const {
    std::set<int> lost;
    for (const VideoGroup& group : groups_) {
      const int slice = static_cast<int>(group.index % static_cast<size_t>(num_slices));
      if (lost.count(slice) == 0 && !RecordOf(group)) {
        lost.insert(slice);
      }
    }
    return {lost.begin(), lost.end()};
  }

  // Makes the tables from the records of all groups.
  void Join(nlohmann::ordered_json* report, std::vector<FailedItem>* failed) {
    PackVideosReport sum;
    PackedVideos packed;
    std::vector<MissingVideo> missing, not_packed;
    failed->clear();
    for (const VideoGroup& group : groups_) {
      const std::optional<GroupRecord> record = RecordOf(group);
      if (!record) {
        throw EnvironmentError(fmt::format(
            "{}: its record or a shard of it is lost: run task {} of {} again",
            GroupRecordFile(output_.folder(), group).string(),
            group.index % static_cast<size_t>(options_.slice.tasks), options_.slice.tasks));
      }
      if (!DescribesShards(output_.folder(), *record)) {
        const fs::path file = GroupRecordFile(output_.folder(), group);
        fs::remove(file);
        throw EnvironmentError(file.string() +
                               ": did not describe the shards of its group, and is removed: run "
                               "the same command again");
      }
      AddRecord(*record, &sum);
      AddFailures(*record, failed);
      AddToIndex(*record, &packed);
      for (const GroupFailure& failure : record->failures) {
        const VideoRow& row = manifest_.videos[failure.row];
        (failure.stage == kPackStage ? not_packed : missing).push_back({row.id, row.subset});
      }
    }
    for (const MissingFile& row : no_files_) {
      missing.push_back({row.id, row.subset});
      failed->push_back({row.id, kPrepStage, row.reason});
    }
    missing.insert(missing.end(), not_packed.begin(), not_packed.end());
    std::sort(failed->begin(), failed->end(),
              [](const FailedItem& a, const FailedItem& b) { return a.id < b.id; });
    sum.num_videos += static_cast<int64_t>(no_files_.size());
    sum.num_not_prepared += static_cast<int64_t>(no_files_.size());
    WriteTables(packed, missing);
    sum.num_groups_kept = report->value("num_groups_kept", int64_t{0});
    sum.num_workers = report->value("workers", int64_t{0});
    sum.prepare_s = report->value("prepare_seconds", 0.0);
    sum.pack_s = report->value("pack_seconds", 0.0);
    report->update(sum.ToJson());
    joined_ = std::move(sum);
    packed_ = std::move(packed);
  }

  void AddToIndex(const GroupRecord& record, PackedVideos* packed) const {
    for (const GroupShard& shard : record.shards) {
      packed->uuids.emplace(shard.number, shard.uuid);
    }
    for (const GroupVideo& video : record.videos) {
      const VideoRow& row = manifest_.videos[video.row];
      packed->index.push_back({video.shard, video.video_index, row.id, labels_[video.row],
                               row.subset, video.num_frames, video.fps});
      packed->contents.push_back(video.content);
    }
  }

  void WriteTables(const PackedVideos& packed, const std::vector<MissingVideo>& missing) const {
    WritePackedTables(output_.folder(), classes_, packed);
    WriteMissing(output_.folder() / "missing.tsv", missing);
    WritePackedPassport(output_.folder(), manifest_, listed_, options_.preparation.Facts(), packed);
  }

  // Earlier work is removed when the tables are sure to replace it.
  void RemoveOthers() const {
    RemoveOtherShards(output_.folder(), packed_);
    RemoveOtherRecords();
    RemoveStaleTemporaries(output_.folder() / kGroupsFolder);  // of tasks that were killed
    if (options_.sharing.is_on()) {
      RemoveUnpublishedShards(output_.folder(), 0, std::numeric_limits<size_t>::max());
    }
  }

  // Groups of an earlier plan began at other rows.
  void RemoveOtherRecords() const {
    std::set<fs::path> ours;
    for (const VideoGroup& group : groups_) {
      ours.insert(GroupRecordFile(output_.folder(), group));
    }
    const fs::directory_iterator records(output_.folder() / kGroupsFolder);
    for (const fs::path& file : std::vector<fs::path>(begin(records), end(records))) {
      if (file.extension() == ".json" && ours.count(file) == 0) {
        fs::remove(file);
      }
    }
  }

  const PackVideosOptions& options_;
  const Manifest manifest_;
  const std::vector<MissingFile> no_files_;
  const std::vector<VideoGroup> groups_;
  const Passport listed_;
  const std::vector<std::string> classes_;
  const std::vector<int> labels_;
  const ScratchFolder scratch_;
  const StageOutput output_;  // last of these, as it removes DONE
  PackVideosReport own_;
  std::optional<PackVideosReport> joined_;
  PackedVideos packed_;  // set with `joined_`
};

}  // namespace

PackVideosReport RunPackVideos(const PackVideosOptions& options) {
  return PackVideosRun(options).Run();
}

}  // namespace reel3d
