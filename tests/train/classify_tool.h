// Runs classify-video like a user, with a network that was trained for one epoch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/train/train_tool.h"

namespace reel3d::test {

class ClassifyTool : public TrainTool {
 protected:
  static void SetUpTestSuite() {
    TrainTool::SetUpTestSuite();
    ASSERT_EQ(RunCommand(Command(0, "run", {"--epochs", "1"})).exit_status, 0);
  }

  static CommandResult Classify(const Words& more, const Words& environment = {}) {
    Words words = {ToolPath("classify-video").string(), "--height", "48", "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return RunCommand(words, environment);
  }

  static std::string Checkpoint() { return At("run/checkpoints/latest"); }
};

}  // namespace reel3d::test
