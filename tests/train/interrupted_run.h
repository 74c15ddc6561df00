// Runs of train-r3d that receive signals, and checks of the files that they leave.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <future>
#include <thread>

#include "lib/base/timer.h"
#include "tests/train/event_points.h"
#include "tests/train/train_tool.h"

namespace reel3d::test {

// Waits until `happened` returns true, at most `most_s` seconds. Returns false if it did not.
inline bool WaitUntil(const std::function<bool()>& happened, double most_s = 90) {
  const Stopwatch clock;
  while (!happened()) {
    if (clock.Seconds() > most_s) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

class InterruptedRun : public TrainTool {
 protected:
  static std::vector<int> ProcessesOf(const std::string& run_dir) {
    return FindProcesses(At(run_dir));
  }

  // Returns the rank's process, or -1 if there is none (yet, or any more).
  static int RankOf(const std::string& run_dir, int rank) {
    const std::vector<int> ranks = FindProcesses("OMPI_COMM_WORLD_RANK=" + std::to_string(rank));
    for (const int process : ProcessesOf(run_dir)) {
      if (std::find(ranks.begin(), ranks.end(), process) != ranks.end()) {
        return process;
      }
    }
    return -1;
  }

  // Compares everything that a run leaves except times: its last step, its weights, its figures.
  static void ExpectSameEnd(const std::string& run_dir, const std::string& undisturbed) {
    const fs::path found = At(run_dir);
    const fs::path expected = At(undisturbed);
    const fs::path checkpoint = fs::read_symlink(expected / "checkpoints/latest");
    EXPECT_EQ(fs::read_symlink(found / "checkpoints/latest"), checkpoint) << run_dir;
    EXPECT_EQ(fs::read_symlink(found / "checkpoints/best"),
              fs::read_symlink(expected / "checkpoints/best"))
        << run_dir;
    for (const auto& entry : fs::directory_iterator(expected / "checkpoints" / checkpoint)) {
      const fs::path file = fs::path("checkpoints") / checkpoint / entry.path().filename();
      EXPECT_TRUE(ReadFile(found / file) == ReadFile(expected / file)) << run_dir << " " << file;
    }
    EXPECT_EQ(ReadFile(found / "metrics.jsonl"), ReadFile(expected / "metrics.jsonl")) << run_dir;
    EXPECT_TRUE(EventPoints(found / "tensorboard") == EventPoints(expected / "tensorboard"))
        << run_dir << ": other curves";
    ExpectNoTemporaries(found / "checkpoints");
  }
};

}  // namespace reel3d::test
