// inspect-file describes a file that another tool wrote.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/inspect_file.h"

#include "lib/cli/tool.h"
#include "pipeline/stages/frame_export.h"
#include "pipeline/stages/inspect_passport.h"
#include "pipeline/stages/inspection_text.h"

int main(int argc, char** argv) {
  reel3d::InspectFileOptions options;
  const reel3d::ToolInfo info = {
      "inspect-file", "Prints what is in a file or folder of reel3d.",
      "Describes manifests, index.tsv, index.bin, shards.tsv, prepared videos, shards, scores,\n"
      "features, checkpoints, the folders of stages, and weights (.safetensors, .pth, .pt, .tar)\n"
      "with their network. A damaged file is an error that names the fault. The values of\n"
      "weights are not read. Frames of a shard are read only for --frames-to; check-shards reads\n"
      "all frames. --watch shows how far a run is, and goes on showing it on a terminal.\n\n"
      "  inspect-file --watch run/demo\n"
      "  inspect-file --layers --clip-frames 32 configs/ucf101-finetune/train.ini"};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const std::vector<std::string>& files = options.files;
    if (options.watch.watch) {
      return reel3d::WatchRun(files[0], options.watch);
    }
    nlohmann::ordered_json description =
        options.layers      ? reel3d::InspectLayers(files[0], options.clip)
        : files.size() == 2 ? reel3d::ComparePassports(files[0], files[1])
                            : reel3d::InspectFile(files[0]);
    if (!options.frames_to.empty()) {
      description["frames_written"] =
          reel3d::ExportFrames(files[0], options.video, options.frames_to);
    }
    return reel3d::ToolResult{description, reel3d::FormatInspection(description, options.rows),
                              reel3d::kExitDone};
  });
}
