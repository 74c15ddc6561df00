// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/pack_shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/cli/tool.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/passport.h"
#include "lib/shard/data_doubts.h"
#include "lib/shard/shard_plan.h"
#include "lib/shard/shard_set.h"
#include "lib/shard/table_checksums.h"
#include "pipeline/stages/not_packed.h"
#include "pipeline/stages/shard_packer.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Adds the videos that were never on disk to plan->missing. The evaluation counts them as wrong,
// like videos that failed.
void AddNoFiles(const Manifest& manifest, const std::vector<MissingFile>& no_files,
                PackPlan* plan) {
  std::unordered_set<std::string_view> ids;
  if (!no_files.empty()) {
    for (const VideoRow& row : manifest.videos) {
      ids.insert(row.id);
    }
  }
  for (const MissingFile& row : no_files) {
    if (ids.count(row.id) != 0) {
      throw InputError(
          fmt::format("video '{}' stands both in the manifest and in its table of "
                      "missing files: list the videos again",
                      row.id));
    }
    plan->missing.push_back({row.id, row.subset});
  }
}

PackPlan MakePlan(const PackShardsOptions& options, const Manifest& manifest,
                  const std::vector<MissingFile>& no_files) {
  const fs::path classes =
      options.classes.empty() ? manifest.folder / "classes.txt" : fs::path(options.classes);
  PackPlan plan = PlanPack(manifest, ReadClasses(classes), options.prepared_dir);
  AddNoFiles(manifest, no_files, &plan);
  if (plan.videos.empty()) {
    throw InputError(fmt::format("none of the {} videos of {} is in {}", manifest.videos.size(),
                                 options.manifest, options.prepared_dir));
  }
  return plan;
}

// Returns the passport of the manifest, with counts of its rows. If list-videos left none, or the
// manifest was edited since, it has no facts of list-videos.
Passport ListedPassport(const PackShardsOptions& options, const Manifest& manifest,
                        const std::vector<MissingFile>& no_files) {
  Passport passport = PassportOrWarning([&] {
                        return ReadManifestPassport(options.manifest);
                      }).value_or(Passport());
  passport.counts.clear();
  CountListed(manifest, no_files, &passport);
  return passport;
}

// Adds what became of the rows. Rows are counted under the label of the manifest: the class of the
// shards may be the same name in another form.
void WritePackedPassport(const fs::path& folder, const Manifest& manifest, Passport passport) {
  std::unordered_map<std::string_view, std::string_view> label_of_id;
  for (const VideoRow& row : manifest.videos) {
    label_of_id.emplace(row.id, row.label);
  }
  int64_t num_frames = 0;
  for (const IndexedVideo& video : ReadIndex(folder / "index.tsv")) {
    PassportCounts& counts = passport.counts[{video.subset, std::string(label_of_id.at(video.id))}];
    ++counts.packed;
    counts.num_short += video.num_frames < PassportCounts::kShortFrames ? 1 : 0;
    num_frames += video.num_frames;
  }
  passport.shards = {{Passport::kOfShards, FileIdentity(folder / "shards.tsv")},
                     {"num_frames", num_frames}};
  WritePassport(folder / Passport::kFileName, passport);
}

void WarnOfDoubts(const fs::path& shards_dir) {
  try {
    for (const Doubt& doubt : DataDoubts(ShardSet(shards_dir))) {
      LogWarn(doubt.text);
    }
  } catch (const Error&) {
    if (fs::exists(shards_dir / kDoneFile)) {
      throw;
    }
    // The same command has been started again meanwhile, and has removed DONE. It will warn.
  }
}

}  // namespace

void PackShardsOptions::Bind(OptionBinder& binder) {
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest, as list-videos writes it");
  binder.Positional("PREPARED_DIR", &prepared_dir, "the folder that prep-videos wrote");
  binder.Positional("OUT_DIR", &out_dir, "folder for the shards");
  binder.Bind("shard-size", &shard_size, {1, 1 << 20},
              "MiB of prepared videos that go into one shard; a larger video gets a shard of its "
              "own. The trainer keeps the shards open, as many as the system allows");
  binder.Bind("classes", &classes,
              "file of class names, one per line. Empty: classes.txt beside the manifest");
  binder.Bind("max-failed-fraction", &max_failed_fraction, {0, 1},
              "share of the videos that may fail here. If more fail, DONE is not written and the "
              "exit status is 3. Videos on which prep-videos failed do not count",
              Effect::kRunOnly);
  binder.Bind("allow-unfinished", &allow_unfinished,
              "pack the prepared videos that exist, even if prep-videos has not finished",
              Effect::kRunOnly);
  binder.Bind("threads", &threads, {0, 1024},
              "number of threads; each works on one video or shard. 0: as many as there are cores",
              Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite,
              "replace the shards of an earlier run that had other settings", Effect::kOnce);
}

nlohmann::ordered_json PackShardsReport::ToJson() const {
  return {{"num_videos", num_videos},
          {"num_packed", num_packed},
          {"num_not_prepared", num_not_prepared},
          {"num_failed", num_failed},
          {"num_shards", num_shards},
          {"num_shards_kept", num_shards_kept},
          {"num_frames", num_frames}};
}

PackShardsReport RunPackShards(PackShardsOptions options) {
  PrepFailures reasons = ReadPrepFailures(options.prepared_dir, options.allow_unfinished);
  const std::vector<MissingFile> no_files = ReadMissingFiles(options.manifest);
  for (const MissingFile& row : no_files) {
    reasons.reasons.emplace(row.id, row.reason);
  }
  const Manifest manifest = ReadManifest(options.manifest);
  const Passport listed = ListedPassport(options, manifest, no_files);
  const PackPlan plan = MakePlan(options, manifest, no_files);
  std::vector<StageInput> inputs = {{options.manifest, FileIdentity(options.manifest)},
                                    {options.prepared_dir, ""}};
  if (!no_files.empty()) {
    const std::string table = MissingFilesPath(options.manifest).string();
    inputs.push_back({table, FileIdentity(table)});
  }
  const StageOutput output(
      {options.out_dir, "pack-shards", SettingsOf(options), inputs, options.overwrite, {}, {}, [&] {
         return FormatTableChecksums(options.out_dir);
       }});
  ShardPacker packer({options.prepared_dir, static_cast<uint64_t>(options.shard_size) << 20,
                      ThreadCount(options.threads)},
                     plan, output);
  std::vector<FailedItem> failed = packer.Pack();
  packer.RemoveOtherShards();
  const PackedShards packed = packer.WriteIndexFile();
  PackShardsReport report;
  report.num_packed = packed.num_videos;
  report.num_shards = packed.num_shards;
  report.num_shards_kept = packed.num_shards_kept;
  report.num_frames = packed.num_frames;
  WriteMissing(output.folder() / "missing.tsv", NotPacked(plan, failed));
  WritePackedPassport(output.folder(), manifest, listed);
  for (const MissingVideo& video : plan.missing) {
    failed.push_back(WhyMissing(options.prepared_dir, video.id, reasons));
  }
  std::sort(failed.begin(), failed.end(),
            [](const FailedItem& a, const FailedItem& b) { return a.id < b.id; });
  const size_t num_videos = plan.videos.size() + plan.missing.size();
  report.num_videos = static_cast<int64_t>(num_videos);
  report.num_failed = std::count_if(failed.begin(), failed.end(), [](const FailedItem& item) {
    return item.stage == kPackStage;
  });
  report.num_not_prepared = static_cast<int64_t>(failed.size()) - report.num_failed;
  report.over_tolerance = !output.Finish(
      report.ToJson(), failed, {report.num_videos, report.num_failed, options.max_failed_fraction});
  if (!report.over_tolerance) {
    WarnOfDoubts(output.folder());
  }
  return report;
}

}  // namespace reel3d
