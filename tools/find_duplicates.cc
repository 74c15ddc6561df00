// find-duplicates: which videos of a data set show the same.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/find_duplicates.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::FindDuplicatesOptions options;
  const reel3d::ToolInfo info = {
      "find-duplicates", "Finds videos that show the same, within a data set or across two.",
      "  find-duplicates --drop-from training videos.tsv shards duplicates.tsv\n\n"
      "First names are compared: two rows of one source (<id>_ssssss_eeeeee as in Kinetics, "
      "v_<id>\n"
      "as in ActivityNet, or one file) whose times overlap are a pair. Then pictures are "
      "compared,\n"
      "two a second: a pair is found although one video was encoded again, resized, mirrored,\n"
      "shifted in time, or cut to the centre or a corner of 90 % of the pictures' width and\n"
      "height. Where something moves, the motion must agree as well.\n\n"
      "OUT.tsv has a row for each pair: id, subset and label of both videos, how the pair was\n"
      "found, the share of the shorter video that matches, and how the two differ. VIDEOS.tsv is\n"
      "never changed."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::FindDuplicatesReport report = reel3d::RunFindDuplicates(options);
    return reel3d::ToolResult{report.ToJson(), report.ToText(), reel3d::kExitDone};
  });
}
