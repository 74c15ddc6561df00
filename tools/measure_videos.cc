// measure-videos measures how bright and moving packed videos are.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/measure_videos.h"

#include <string_view>

#include "lib/cli/tool.h"
#include "pipeline/support/prep_worker.h"

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view(reel3d::kPrepWorkerArgument)) {
    return reel3d::RunPrepWorker();
  }
  reel3d::MeasureVideosOptions options;
  const reel3d::ToolInfo info = {
      "measure-videos", "Measures the length, brightness and motion of packed videos.",
      "  measure-videos run/x/shards run/x/measured.tsv\n"
      "  evaluate-scores run/x/scores run/x/evaluation\n\n"
      "OUT.tsv has a row for each video. evaluate-scores then shows whether a network fails in\n"
      "dark, bright, still or fast videos. It finds a table that is called measured.tsv and lies\n"
      "beside the scores; --slices names another one. Brightness and motion are in grey levels "
      "from\n"
      "0 to 255, measured on two pictures a second. --sources adds the height of the source "
      "files."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::MeasureVideosReport report = reel3d::RunMeasureVideos(options);
    return reel3d::ToolResult{report.ToJson(), report.ToText(), reel3d::kExitDone};
  });
}
