// prep-videos turns videos of any kind into videos of one height with quick access to frames.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/prep_videos.h"

#include <fmt/format.h>

#include <string_view>

#include "lib/base/plural.h"
#include "lib/cli/tool.h"
#include "pipeline/support/prep_worker.h"

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view(reel3d::kPrepWorkerArgument)) {
    return reel3d::RunPrepWorker();
  }
  reel3d::PrepVideosOptions options;
  const reel3d::ToolInfo info = {
      "prep-videos", "Resizes videos of any kind and stores every frame as a JPEG.",
      "Decodes each video of the manifest (or its part from begin_s to end_s), turns it\n"
      "upright, resizes it, and writes OUT_DIR/<id>.mkv: Motion-JPEG in Matroska, which\n"
      "every player shows. Presentation times are kept, or evenly spaced by --fps. A file with\n"
      "several rows is decoded once for all of them. Complete videos in OUT_DIR are skipped,\n"
      "so the same command continues after an interruption. With --share-work, any number of\n"
      "processes on any hosts work on one OUT_DIR, and take over from those that end. With\n"
      "--task and --tasks (or as a Slurm array job) each has a fixed share. failed.tsv lists\n"
      "the videos that cannot be prepared, with the reason. High dynamic range is refused. Each\n"
      "thread decodes in a separate process: if a video crashes or hangs the decoder or takes\n"
      "all memory, only this video fails."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::PrepVideosReport report = reel3d::RunPrepVideos(options);
    const std::string text =
        fmt::format("{}: {} prepared ({}, {:.0f} a second), {} already there, {} failed\n",
                    reel3d::Count(report.num_videos, "video"), report.num_done,
                    reel3d::Count(report.num_frames, "frame"), report.FramesPerSecond(),
                    report.num_skipped, report.num_failed);
    return reel3d::ToolResult{report.ToJson(), text,
                              report.over_tolerance ? reel3d::kExitInput : reel3d::kExitDone};
  });
}
