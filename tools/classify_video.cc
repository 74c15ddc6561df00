// classify-video classifies video files with a trained network.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/classify_video.h"

#include <string_view>

#include "lib/cli/tool.h"
#include "pipeline/support/prep_worker.h"

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view(reel3d::kPrepWorkerArgument)) {
    return reel3d::RunPrepWorker();
  }
  reel3d::ClassifyVideoOptions options;
  return reel3d::RunTool(
      {"classify-video", "Says which classes a trained network sees in video files.",
       "  classify-video run/x/train/checkpoints/best holiday.mp4\n"
       "  classify-video --annotate seen.mp4 --windows run/x/train/checkpoints/best holiday.mp4\n\n"
       "It needs no manifest and no shards. Each VIDEO is decoded, resized and cut into windows\n"
       "as the stages from prep-videos to evaluate-scores do it, to the same pixels. Give the\n"
       "options from --height to --interlaced the values that prep-videos had for the training\n"
       "videos. Decoding happens in a process of its own. The log names files that are no videos\n"
       "or harm that process; they cost only themselves."},
      argc, argv, options, [&] { return reel3d::RunClassification(options); });
}
