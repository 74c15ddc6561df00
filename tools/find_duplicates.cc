// find-duplicates finds the videos of a data set that show the same.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/find_duplicates.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::FindDuplicatesOptions options;
  const reel3d::ToolInfo info = {
      "find-duplicates", "Finds videos that show the same, within a data set or across two.",
      "  find-duplicates --drop-from training videos.tsv shards duplicates.tsv\n\n"
      "First, names are compared: two rows of one source (<id>_ssssss_eeeeee as in Kinetics,\n"
      "v_<id> as in ActivityNet, or one file) are a pair if their times overlap. Then pictures,\n"
      "two a second, are compared: a pair is found even if one video was encoded again, resized,\n"
      "mirrored, shifted in time, or cropped to 90 % of the width and height, at the centre or a\n"
      "corner. If something moves, the motion must agree as well.\n\n"
      "OUT.tsv has a row for each pair: id, subset and label of both videos, how the pair was\n"
      "found, the share of the shorter video that matches, and how the two differ. VIDEOS.tsv is\n"
      "never changed."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::FindDuplicatesReport report = reel3d::RunFindDuplicates(options);
    return reel3d::ToolResult{report.ToJson(), report.ToText(), reel3d::kExitDone};
  });
}
