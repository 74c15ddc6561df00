// extract-features writes the outputs of a trained network's layers, for other programs.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/extract_features.h"
#include "lib/base/brief_waits.h"
#include "lib/cli/tool.h"

namespace {

// This runs before the initialisers of libraries.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kBeginEarly)(int, char**, char**) = reel3d::WaitBriefly;

}  // namespace

int main(int argc, char** argv) {
  reel3d::ExtractFeaturesOptions options;
  return reel3d::RunTool(
      {"extract-features", "Writes features of a subset's videos, of any layer, as HDF5 or .npy.",
       "  extract-features run/x/train/checkpoints/best run/x/shards features.h5\n"
       "  extract-features --per-video --layer layer4.1.bn2 r3d18.pth run/x/shards features.npy\n\n"
       "Windows and pixels are those of score-videos. All rows are held in memory until they are\n"
       "written: 2 kB per clip for the pooled features of R3D-18."},
      argc, argv, options, [&] { return reel3d::RunExtraction(options); });
}
