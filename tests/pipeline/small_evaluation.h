// Scores of three videos in two files, for the tests of evaluate-scores.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/class_doubts.h"
#include "lib/eval/score_file.h"
#include "pipeline/stages/evaluate_scores.h"
#include "tests/test_support.h"

namespace reel3d::test {

using Json = nlohmann::ordered_json;

// Part 0 of 2 holds `a` (right) and `b` (wrong). Part 1 holds `c`, whose two classes have equal
// scores. The subset has one more video, which is not scored.
class SmallEvaluation : public ::testing::Test {
 protected:
  SmallEvaluation() {
    Scores part;
    part.checkpoint = "step-00000010";
    part.data = "0000abcd";
    part.subset = "validation";
    part.num_parts = 2;
    part.num_videos_expected = 4;
    part.classes = {"rise", "fall"};
    parts_ = {part, part};
    parts_[0].videos = {{"b", 0}, {"a", 1}};
    parts_[0].clips = {{0, 0, 16}, {1, 0, 16}, {1, 16, 3}};
    parts_[0].logits = {0, 1, 0, 3, 9, 0};
    parts_[1].part = 1;
    parts_[1].videos = {{"c", 1}};
    parts_[1].clips = {{0, 0, 16}};
    parts_[1].logits = {2, 2};
    options_.scores_dir = folder_ / "scores";
    options_.out_dir = folder_ / "out";
    options_.clips.min_distinct = 8;
    MakeFolders(options_.scores_dir);
  }

  EvaluateScoresReport Run() {
    for (size_t part = 0; part < parts_.size(); ++part) {
      WriteScores(folder_ / ("scores/scores-0000" + std::to_string(part) + ".h5"), parts_[part]);
    }
    return RunEvaluateScores(options_);
  }

  // Adds classes without videos.
  void WidenClasses(const std::vector<std::string>& classes) {
    for (Scores& part : parts_) {
      std::vector<float> logits;
      for (size_t clip = 0; clip < part.clips.size(); ++clip) {
        for (size_t label = 0; label < classes.size(); ++label) {
          logits.push_back(label < 2 ? part.logits[2 * clip + label] : -9);
        }
      }
      part.logits = logits;
      part.classes = classes;
    }
  }
  void SayOfData(const std::vector<Doubt>& doubts) {
    WriteFileAtomically(folder_ / "scores/report.json",
                        Json({{"doubts", DoubtsToJson(doubts)}}).dump());
  }

  std::string Output(const std::string& name) { return ReadFile(folder_ / ("out/" + name)); }

  // Expects an input error with the text `why`, and no file DONE.
  void ExpectRefused(const std::string& why) {
    try {
      Run();
      ADD_FAILURE() << "expected: " << why;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), testing::HasSubstr(why));
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out/DONE"));
  }

  TemporaryFolder folder_;
  std::vector<Scores> parts_;
  EvaluateScoresOptions options_;
};

}  // namespace reel3d::test
