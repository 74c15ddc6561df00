// Compares the ladder, slices and held-out threshold with tests/golden/make_explain_golden.py.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/eval/score_file.h"
#include "pipeline/stages/evaluation_ladder.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using nlohmann::json;

json Golden() {
  return json::parse(ReadFile(test::SourceFolder() / "tests/golden/explain_golden.json"));
}

Scores ScoresOf(const json& golden) {
  Scores scores;
  scores.subset = "validation";
  scores.num_videos_expected = golden["num_expected"];
  scores.classes = golden["classes"].get<std::vector<std::string>>();
  for (const json& video : golden["videos"]) {
    const auto row = static_cast<uint32_t>(scores.videos.size());
    scores.videos.push_back({video["id"], video["label"]});
    for (size_t window = 0; window < video["logits"].size(); ++window) {
      uint8_t crop = 0;
      for (const json& logits : video["logits"][window]) {
        scores.clips.push_back(
            {row, static_cast<uint32_t>(16 * window), video["distinct"][window], crop++});
        for (const json& logit : logits) {
          scores.logits.push_back(logit);
        }
      }
    }
  }
  return scores;
}

Evaluation EvaluateGolden(const json& golden) {
  const test::TemporaryFolder folder;
  WriteScores(folder / "scores-00000.h5", ScoresOf(golden));
  ScoresRequest request;
  request.readings = ReadingsOfEvaluation(request.averaging);
  EvaluationOptions options;
  for (const json& id : golden["ladder"]["listed"]) {
    options.listed.insert(id.get<std::string>());
  }
  return Evaluate(ReadSubsetScores(folder.path(), request), options);
}

TEST(ExplainGolden, EveryRungOfTheLadder) {
  const json golden = Golden();
  const std::vector<Rung> ladder = LadderOf(EvaluateGolden(golden), Averaging::kSoftmax);
  const json& rungs = golden["ladder"]["rungs"];
  ASSERT_EQ(ladder.size(), rungs.size() + 3 + 3);  // three other rules, three orders
  for (size_t place = 0; place < rungs.size(); ++place) {
    EXPECT_NEAR(ladder[place].top1, rungs[place], 1e-12) << ladder[place].change;
    const json& average = golden["ladder"]["averages"][place];
    ASSERT_EQ(ladder[place].average.has_value(), !average.is_null());
    EXPECT_TRUE(average.is_null() ||
                std::abs(*ladder[place].average - average.get<double>()) < 1e-12)
        << ladder[place].change;
    EXPECT_FALSE(ladder[place].is_other);
  }
  for (size_t order = 0; order < 3; ++order) {
    const Rung& rung = ladder[rungs.size() + 3 + order];
    EXPECT_NEAR(rung.top1, golden["ladder"]["orders"][order][1], 1e-12) << rung.change;
    EXPECT_TRUE(rung.is_other);
  }
}

TEST(ExplainGolden, UsualOrdersOfClasses) {
  const json golden = Golden();
  const std::vector<ClassNumbering> orders = UsualNumberings(golden["classes"]);
  ASSERT_EQ(orders.size(), 3U);
  for (size_t order = 0; order < 3; ++order) {
    EXPECT_EQ(json(orders[order].classes), golden["ladder"]["orders"][order][0]);
  }
  EXPECT_TRUE(UsualNumberings({"a", "b"}).empty());
}

TEST(ExplainGolden, Slices) {
  const json golden = Golden()["slices"];
  std::vector<bool> is_right;
  for (const json& right : golden["right"]) {
    is_right.push_back(right == 1);
  }
  const std::vector<Slice> slices =
      MeasureSlices(is_right, {{"seconds", golden["seconds"]}, {"source", golden["source"]}});
  ASSERT_EQ(slices.size(), golden["p"].size());
  for (size_t place = 0; place < slices.size(); ++place) {
    EXPECT_EQ(slices[place].num_videos, golden["counts"][place][0]) << place;
    EXPECT_EQ(slices[place].num_right, golden["counts"][place][1]);
    EXPECT_NEAR(slices[place].p_value, golden["p"][place], 1e-10);
    EXPECT_NEAR(slices[place].adjusted_p_value, golden["adjusted"][place], 1e-9);
  }
  EXPECT_TRUE(slices[3].StandsOut());  // the longest videos are harder
  EXPECT_EQ(slices[6].value, "(none)");
}

TEST(ExplainGolden, AThresholdIsJudgedOnOtherVideos) {
  const json golden = Golden()["threshold"];
  const auto forecasts = [&](const char* key) {
    std::vector<Forecast> list;
    for (const json& pair : golden[key]) {
      list.push_back({pair[0], pair[1] == 1});
    }
    return list;
  };
  const JudgedThreshold threshold =
      JudgeThreshold(forecasts("chosen_on"), forecasts("judged_on"), golden["wanted"]);
  ASSERT_TRUE(threshold.chosen);
  EXPECT_EQ(threshold.chosen->threshold, golden["threshold"]);
  EXPECT_NEAR(threshold.chosen->precision, golden["chosen_precision"], 1e-12);
  EXPECT_NEAR(threshold.judged.coverage, golden["coverage"], 1e-12);
  EXPECT_NEAR(threshold.judged.precision, golden["precision"], 1e-12);
  EXPECT_FALSE(JudgeThreshold({{0.9, false}}, {{0.8, true}}, 0.5).chosen);
}

}  // namespace
}  // namespace reel3d
