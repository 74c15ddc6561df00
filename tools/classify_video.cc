// classify-video classifies video files with a trained network.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/classify_video.h"

#include <string_view>

#include "lib/base/brief_waits.h"
#include "lib/cli/tool.h"
#include "pipeline/support/prep_worker.h"

namespace {

// This runs before the initialisers of libraries.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kBeginEarly)(int, char**, char**) = reel3d::WaitBriefly;

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view(reel3d::kPrepWorkerArgument)) {
    return reel3d::RunPrepWorker();
  }
  reel3d::ClassifyVideoOptions options;
  return reel3d::RunTool(
      {"classify-video", "Says which classes a trained network sees in video files.",
       "  classify-video run/x/train/checkpoints/best holiday.mp4\n"
       "  classify-video --annotate seen.mp4 --windows run/x/train/checkpoints/best holiday.mp4\n"
       "  classify-video --explain where.mp4 run/x/train/checkpoints/best holiday.mp4\n"
       "  classify-video --timeline t.tsv run/x/train/checkpoints/best film.mp4\n\n"
       "It needs no manifest and no shards. Each VIDEO is decoded, resized and cut into windows\n"
       "in the same way as by prep-videos and score-videos, so the network gets the same pixels.\n"
       "Without --height, videos are prepared like those of the training, if the network knows\n"
       "how; else at height 360. Decoding runs in a separate process. If a file is no video, or\n"
       "crashes that process, the log names the file, and the other files are still classified."},
      argc, argv, options, [&] { return reel3d::RunClassification(options); });
}
