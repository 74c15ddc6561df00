// convert-weights converts published weights for reel3d, and weights of reel3d for Python.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/convert_weights.h"
#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::ConvertWeightsOptions options;
  return reel3d::RunTool(
      {"convert-weights", "Writes weights in another file format, bit for bit.",
       "  convert-weights r3d18_K_200ep.pth r3d18.safetensors\n"
       "  convert-weights run/x/train/checkpoints/best r3d18.pth\n"
       "  convert-weights run/x/train/checkpoints/best r3d18.pt\n\n"
       "The content of IN decides its format. A complete checkpoint of Python is reduced to\n"
       "its state_dict, without the \"module.\" of DataParallel. Nothing in IN is executed:\n"
       "a file with objects other than plain tensors is refused, and the error names these\n"
       "objects. Names and types do not change."},
      argc, argv, options, [&] { return reel3d::RunConversion(options); });
}
