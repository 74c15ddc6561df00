// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/pack_shards.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/cli/tool.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/passport.h"
#include "lib/shard/shard_plan.h"
#include "lib/shard/table_checksums.h"
#include "pipeline/stages/not_packed.h"
#include "pipeline/stages/packed_tables.h"
#include "pipeline/stages/shard_packer.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/prepared_facts.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace {

PackPlan MakePlan(const PackShardsOptions& options, const Manifest& manifest,
                  const std::vector<MissingFile>& no_files) {
  PackPlan plan = PlanPack(manifest, ReadClasses(options.ClassesBeside(manifest.folder)),
                           options.prepared_dir, options.group_videos);
  AddNoFiles(manifest, no_files, &plan);
  if (plan.videos.empty()) {
    throw InputError(fmt::format("none of the {} videos of {} is in {}", manifest.videos.size(),
                                 options.manifest, options.prepared_dir));
  }
  return plan;
}

}  // namespace

void PackShardsOptions::Bind(OptionBinder& binder) {
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest, as list-videos writes it");
  binder.Positional("PREPARED_DIR", &prepared_dir, "the folder that prep-videos wrote");
  binder.Positional("OUT_DIR", &out_dir, "folder for the shards");
  PackingOptions::Bind(binder, 0);
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
  const Passport listed = ListedPassport(options.manifest, manifest, no_files);
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
  ShardPacker packer(
      {options.prepared_dir, options.shard_size_bytes(), ThreadCount(options.threads)}, plan,
      output);
  std::vector<FailedItem> failed = packer.Pack();
  const PackedVideos packed = packer.Packed();
  RemoveOtherShards(output.folder(), packed);
  WritePackedTables(output.folder(), plan.classes, packed);
  PackShardsReport report;
  report.num_packed = static_cast<int64_t>(packed.index.size());
  report.num_shards = static_cast<int64_t>(packed.uuids.size());
  report.num_shards_kept = packer.num_shards_kept();
  report.num_frames = packed.NumFrames();
  WriteMissing(output.folder() / "missing.tsv", NotPacked(plan, failed));
  WritePackedPassport(output.folder(), manifest, listed, FactsOfPrepared(options.prepared_dir),
                      packed);
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
