// make-demo-videos draws a small data set to try the pipeline on, without a download.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/make_demo_videos.h"

#include <fmt/format.h>

#include "lib/base/plural.h"
#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::MakeDemoVideosOptions options;
  const reel3d::ToolInfo info = {
      "make-demo-videos", "Draws small action videos: a data set to try the pipeline on.",
      "Writes OUT_DIR/<class>/<class>_<nnn>.mp4 (H.264) of eight classes: rising and falling,\n"
      "growing and shrinking, brightening and dimming, splitting and merging. The classes of a\n"
      "pair differ only in the order of their frames, so a classifier of single pictures gets at\n"
      "most half of them right. Sizes, frame rates, lengths (some below 16 frames), colours,\n"
      "shapes and backgrounds vary. The same options and seed give the same files."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::MakeDemoVideosReport report = reel3d::RunMakeDemoVideos(options);
    const std::string text = fmt::format(
        "{}: {} made ({}), {} already there\n", reel3d::Count(report.num_videos, "video"),
        report.num_done, reel3d::Count(report.num_frames, "frame"), report.num_skipped);
    return reel3d::ToolResult{report.ToJson(), text, reel3d::kExitDone};
  });
}
