// list-videos: from folders of videos to the manifest that everything else starts from.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/list_videos.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::ListVideosOptions options;
  const reel3d::ToolInfo info = {
      "list-videos", "Lists videos in class folders as a manifest, split into subsets.",
      "Every folder in a SOURCE is a class, and the videos anywhere below it are its videos.\n"
      "Videos directly in a SOURCE get no class and the subset `testing`. Nothing is opened: a\n"
      "file that is no video shows in prep-videos.\n\n"
      "Held out are, of each class, those groups whose names hash lowest: the same ones on every\n"
      "machine, and hardly changed by adding videos. Groups with videos of several classes (a\n"
      "person who does every action) are drawn together.\n\n"
      "With --annotations the labels and subsets come from a published set's annotation files, "
      "and\n"
      "SOURCE is the folder of its videos: docs/reference/annotation_formats.md. Rows whose files\n"
      "are not there stand in VIDEOS.missing.tsv."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::ListVideosReport report = reel3d::RunListVideos(options);
    return reel3d::ToolResult{report.ToJson(), report.ToText(), reel3d::kExitDone};
  });
}
