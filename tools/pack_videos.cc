// pack-videos prepares videos of any kind and packs them into shards, group by group.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/pack_videos.h"

#include <fmt/format.h>

#include <string_view>

#include "lib/base/plural.h"
#include "lib/cli/tool.h"
#include "pipeline/support/prep_worker.h"

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view(reel3d::kPrepWorkerArgument)) {
    return reel3d::RunPrepWorker();
  }
  reel3d::PackVideosOptions options;
  const reel3d::ToolInfo info = {
      "pack-videos", "Prepares videos and packs them into shards, a group of videos at a time.",
      "Does the work of prep-videos and pack-shards without keeping the prepared videos: they lie\n"
      "in a scratch folder while their group is at work, and only there. The shards have the\n"
      "bytes of those of prep-videos and pack-shards with the same options, --group-videos\n"
      "included. Complete groups are kept, so the same command continues after an interruption,\n"
      "and tries videos that failed again. With --share-work, any number of processes on any\n"
      "hosts work on one OUT_DIR, and take over from those that end. With --task and --tasks (or\n"
      "as a Slurm array job) each has a fixed share. failed.tsv lists missing videos with the\n"
      "reason."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::PackVideosReport report = reel3d::RunPackVideos(options);
    const std::string text = fmt::format(
        "{} of {} packed, {}, in {} of {} ({} kept); {} not prepared, {} failed\n",
        report.num_packed, reel3d::Count(report.num_videos, "video"),
        reel3d::Count(report.num_frames, "frame"), reel3d::Count(report.num_shards, "shard"),
        reel3d::Count(report.num_groups, "group"), report.num_groups_kept, report.num_not_prepared,
        report.num_failed);
    return reel3d::ToolResult{report.ToJson(), text,
                              report.over_tolerance ? reel3d::kExitInput : reel3d::kExitDone};
  });
}
