// convert-weights: published weights into ours, and ours back for Python.
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
       "IN is told by what is in it. Whole checkpoints of Python give their state_dict, without\n"
       "the \"module.\" of DataParallel. Nothing in IN is executed: a file that holds more than\n"
       "plain tensors is refused, and the line says what. Names and types stay as they are."},
      argc, argv, options, [&] { return reel3d::RunConversion(options); });
}
