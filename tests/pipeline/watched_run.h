// A test's run, which is looked at by a clock that stands still.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "pipeline/stages/run_progress.h"
#include "pipeline/stages/runs_seen.h"
#include "pipeline/stages/watch_text.h"
#include "tests/pipeline/run_folder.h"

namespace reel3d::test {

class WatchedRun : public ::testing::Test {
 protected:
  StageProgress Stage(const std::string& name) {
    for (const StageProgress& stage : reader_.Look().stages) {
      if (stage.name == name) {
        return stage;
      }
    }
    ADD_FAILURE() << name;
    return {};
  }
  TrainProgress Training() { return reader_.Look().training.value(); }
  // Returns a clock that stands still unless a test moves it.
  Clock FixedClock() const {
    return [this] { return run_.Now_s() + later_s_; };
  }
  // Returns the text of a look at the run with fresh eyes.
  std::string Text(ScreenSize size = {100, 60}) const {
    std::string text;
    for (const ScreenLine& line : LayOut(RunsReader(run_.path(), FixedClock()).Look(), size)) {
      for (const InkedText& piece : line) {
        text += piece.text;
      }
      text += '\n';
    }
    return text;
  }
  // Puts a training there that has done `epochs` of ten epochs, each of 25 steps and 100 seconds.
  void WriteTraining(int epochs) const {
    std::string metrics, times;
    for (int epoch = 1; epoch <= epochs; ++epoch) {
      metrics +=
          fmt::format(R"({{"step":{},"epoch":{},"lr":0.1,"train_loss":1.5,"train_top1":0.5}})",
                      25 * epoch, epoch);
      times += fmt::format(
          R"({{"step":{},"epoch":{},"clips":900,"seconds":90.0,"ended_s":{},"ranks":[]}})",
          25 * epoch, epoch, 1000 + 100 * epoch);
      metrics += '\n';
      times += '\n';
    }
    run_.Write("train/config.ini", "epochs = 10\nbatch = 8\n", 500);
    run_.Write("train/metrics.jsonl", metrics);
    run_.Write("train/times.jsonl", times);
  }
  void WriteLock(double age_s) const {
    run_.Write("train/lock.holder", R"({"host":"node7","process":5,"machine":"another"})", age_s);
  }

  RunFolder run_;
  double later_s_ = 0;
  RunReader reader_{run_.path(), FixedClock()};
};

}  // namespace reel3d::test
