// bench-loader measures how fast this machine loads clips from shards, without a network.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/bench_loader.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::BenchLoaderOptions options;
  const reel3d::ToolInfo info = {
      "bench-loader", "Measures how fast clips are loaded from shards on this machine.",
      "  bench-loader run/x/shards\n\n"
      "Draws random clips and crops as training does. Divide the clips/s of your GPU by the\n"
      "clips/s of a core: the result is the number of --loader-threads that the GPU needs. Run\n"
      "this tool twice: the first run reads from the disk, the second from memory if the shards\n"
      "fit."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::BenchLoaderReport report = reel3d::RunBenchLoader(options);
    return reel3d::ToolResult{report.ToJson(), report.ToText(), reel3d::kExitDone};
  });
}
