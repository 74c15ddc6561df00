// check-shards reads every byte of shards, and finds those that are damaged.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/check_shards.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::CheckShardsOptions options;
  const reel3d::ToolInfo info = {
      "check-shards", "Reads every byte of shards and names those that are damaged.",
      "  check-shards run/x/shards\n\n"
      "Prints nothing and ends with status 0 if no shard is damaged. Otherwise it prints the path\n"
      "of each damaged shard, logs the reason, and ends with status 3. To make them again from\n"
      "the prepared videos, use --remove-damaged, then repeat the pack-shards command."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::CheckShardsReport report = reel3d::RunCheckShards(options);
    std::string text;
    for (const reel3d::FailedItem& item : report.damaged) {
      text += item.id + "\n";
    }
    return reel3d::ToolResult{report.ToJson(), text,
                              report.damaged.empty() ? reel3d::kExitDone : reel3d::kExitInput};
  });
}
