// pack-shards copies many small prepared videos into few large files for random reading.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lib/base/plural.h"
#include "lib/cli/tool.h"
#include "pipeline/stages/pack_shards.h"

int main(int argc, char** argv) {
  reel3d::PackShardsOptions options;
  const reel3d::ToolInfo info = {
      "pack-shards", "Packs prepared videos into HDF5 shards for training and scoring.",
      "Reads the manifest and the <id>.mkv that prep-videos made, and writes 00000.h5, 00001.h5,\n"
      "... with index.tsv and classes.txt. The frames are copied, not encoded again. A complete\n"
      "shard of an earlier run is kept if its videos have not changed; shards of an earlier plan\n"
      "are removed. failed.tsv lists missing videos with the reason."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::PackShardsReport report = reel3d::RunPackShards(options);
    const std::string text = fmt::format(
        "{} of {} packed, {}, in {} ({} kept); {} not prepared, {} failed\n", report.num_packed,
        reel3d::Count(report.num_videos, "video"), reel3d::Count(report.num_frames, "frame"),
        reel3d::Count(report.num_shards, "shard"), report.num_shards_kept, report.num_not_prepared,
        report.num_failed);
    return reel3d::ToolResult{report.ToJson(), text,
                              report.over_tolerance ? reel3d::kExitInput : reel3d::kExitDone};
  });
}
