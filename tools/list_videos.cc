// list-videos turns folders of videos into the manifest that all other stages start from.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/list_videos.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::ListVideosOptions options;
  const reel3d::ToolInfo info = {
      "list-videos", "Lists videos in class folders as a manifest, split into subsets.",
      "Every folder in a SOURCE is a class, and the videos anywhere below it are its videos.\n"
      "Videos directly in a SOURCE get no class and the subset `testing`. No video is decoded:\n"
      "a file that is no video is listed too, and prep-videos finds it.\n\n"
      "In each class the groups (--group-regex) whose names have the lowest hashes are held out.\n"
      "These groups are the same on every machine, and adding videos hardly changes them. Groups\n"
      "with videos of several classes (a person who does every action) are drawn together.\n\n"
      "With --annotations the files of a published set give labels and subsets, and SOURCE is the\n"
      "folder of its videos: docs/reference/annotation_formats.md. VIDEOS.missing.tsv lists the\n"
      "rows without a file."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::ListVideosReport report = reel3d::RunListVideos(options);
    return reel3d::ToolResult{report.ToJson(), report.ToText(), reel3d::kExitDone};
  });
}
