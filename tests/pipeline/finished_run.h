// Makes the folder of a run that has finished, as far as plan-run reads it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "lib/base/file.h"

namespace reel3d::test {

inline void WriteStage(const std::filesystem::path& stage, const std::string& report,
                       const std::string& config = "") {
  MakeFolders(stage);
  WriteFileAtomically(stage / "report.json", report);
  WriteFileAtomically(stage / "config.ini", config);
}

// The run has 40 videos of 40 frames at height 120. Two ranks train two epochs of three steps with
// ten clips each.
inline void WriteFinishedRun(const std::filesystem::path& run) {
  WriteStage(run / "prepared",
             R"({"seconds": 4.0, "num_videos": 40, "num_skipped": 0, "num_frames": 1600})",
             "# help\nheight = 120\nquality = 90\nthreads = 2\n");
  WriteFileAtomically(run / "prepared/a.mkv", std::string(5000000, 'x'));
  WriteStage(run / "shards",
             R"({"seconds": 0.5, "num_shards": 1, "num_shards_kept": 0, "num_frames": 1600})");
  WriteFileAtomically(run / "shards/00000.h5", std::string(5120000, 'x'));
  WriteStage(run / "train", R"({"seconds": 5.0, "steps": 6, "ranks": 2, "validation_videos": 10})",
             "validation-clips = 3\nvalidation-every = 1\n");
  const std::string rank =
      R"({"phases_s": {"starting": 9, "waiting for data": 0.125, "forward": 1, "backward": 0.5,)"
      R"( "waiting for other ranks": 0.125}, "read_s": 0.1, "decode_s": 0.2})";
  const std::string epoch =
      R"({"clips": 30, "seconds": 2.0, "ranks": [)" + rank + ", " + rank + "]}\n";
  WriteFileAtomically(run / "train/times.jsonl", epoch + epoch);
  WriteStage(run / "scores", R"({"seconds": 1.0, "clips": 30, "parts_kept": 0})");
}

}  // namespace reel3d::test
