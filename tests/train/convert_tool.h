// A short run of train-r3d, and helpers that convert and score its weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/eval/score_file.h"
#include "tests/train/train_tool.h"

namespace reel3d::test {

class ConvertTool : public TrainTool {
 protected:
  static void SetUpTestSuite() {
    TrainTool::SetUpTestSuite();
    ASSERT_EQ(RunCommand(Command(0, "run", {"--epochs", "1", "--stem-stride", "2"})).exit_status,
              0);
  }

  static CommandResult Convert(const std::string& in, const std::string& out,
                               const Words& more = {}) {
    Words words = {ToolPath("convert-weights").string()};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(in);
    words.push_back(out);
    return RunCommand(words);
  }

  static std::string Checkpoint() { return At("run/checkpoints/latest"); }

  static std::vector<float> Logits(const std::string& weights, const std::string& out,
                                   const Words& more = {}) {
    Words words = {ToolPath("score-videos").string(), "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    for (const std::string& word : {weights, Shards(), At(out)}) {
      words.push_back(word);
    }
    const auto result = RunCommand(words);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return ReadScores(fs::path(At(out)) / "scores-00000.h5").logits;
  }
};

}  // namespace reel3d::test
