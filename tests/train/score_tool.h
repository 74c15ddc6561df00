// A checkpoint to score with, made by train-r3d, for the tests of score-videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "lib/base/file.h"
#include "lib/eval/score_file.h"
#include "tests/train/train_tool.h"

namespace reel3d::test {

class ScoreTool : public TrainTool {
 protected:
  static void SetUpTestSuite() {
    TrainTool::SetUpTestSuite();
    ASSERT_EQ(RunCommand(Command(0, "to_score", {"--epochs", "1"})).exit_status, 0);
  }

  // Scores `shards` into `out`.
  static Words ScoreCommand(const std::string& shards, const std::string& out,
                            const Words& more = {}) {
    Words words = {ToolPath("score-videos").string(), "--videos-per-part", "3", "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    for (const std::string& word : {At("to_score/checkpoints/latest"), shards, At(out)}) {
      words.push_back(word);
    }
    return words;
  }

  static std::map<std::string, std::string> Parts(const std::string& out) {
    std::map<std::string, std::string> parts;
    for (const auto& entry : std::filesystem::directory_iterator(At(out))) {
      if (entry.path().extension() == ".h5") {
        parts[entry.path().filename().string()] = ReadFile(entry.path());
      }
    }
    return parts;
  }

  // Returns the number of clips in all parts.
  static size_t NumClips(const std::string& out) {
    size_t num_clips = 0;
    for (const auto& [name, bytes] : Parts(out)) {
      num_clips += ReadScores(std::filesystem::path(At(out)) / name).clips.size();
    }
    return num_clips;
  }
};

}  // namespace reel3d::test
