// The page of an evaluation and a comparison that the tools themselves wrote: each number in the
// HTML is that of metrics.json, figures.json or comparison.json.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/rng.h"
#include "lib/eval/score_file.h"
#include "pipeline/stages/compare_scores.h"
#include "pipeline/stages/evaluate_scores.h"
#include "pipeline/stages/report_run.h"
#include "tests/report/page_tables.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;
using Path = Json::json_pointer;

constexpr int kVideos = 120;
constexpr int kClasses = 6;

// Invents scores: `skill` raises the label's logit. Two videos have none.
Scores InventScores(double skill) {
  Scores scores;
  scores.checkpoint = fmt::format("skill {}", skill);
  scores.subset = "validation";
  scores.num_videos_expected = kVideos + 2;
  for (int label = 0; label < kClasses; ++label) {
    scores.classes.push_back(fmt::format("class {}", label));
  }
  for (int video = 0; video < kVideos; ++video) {
    Rng rng(5, static_cast<uint64_t>(video));
    scores.videos.push_back(
        {fmt::format("person{}_{}", video % 10, video), static_cast<int32_t>(video % kClasses)});
    for (int clip = 0; clip < 1 + video % 3; ++clip) {
      scores.clips.push_back({static_cast<uint32_t>(video), static_cast<uint32_t>(16 * clip), 16});
      for (int other = 0; other < kClasses; ++other) {
        scores.logits.push_back(
            static_cast<float>(rng.Uniform(-2, 2) + (other == video % kClasses ? skill : 0)));
      }
    }
  }
  return scores;
}

class ReadBack : public ::testing::Test {
 protected:
  // Makes a run that has scores and an evaluation, and returns its folder.
  std::string MakeRun(const std::string& name, double skill) {
    const fs::path run = folder_ / name;
    MakeFolders(run / "scores");
    WriteScores(run / "scores/scores-00000.h5", InventScores(skill));
    EvaluateScoresOptions options;
    options.scores_dir = run / "scores";
    options.out_dir = run / "evaluation";
    options.precision = 0.6;
    options.intervals.group_regex = group_regex_;
    RunEvaluateScores(options);
    return run;
  }

  std::string Page(const std::vector<std::string>& runs, const std::string& comparison = "") {
    ReportRunOptions options;
    options.runs = runs;
    options.page = folder_ / "report.html";
    options.comparison = comparison;
    RunReportRun(options);
    return ReadFile(options.page);
  }

  static std::vector<std::string> Dumped(const Json& json, const std::vector<const char*>& paths) {
    std::vector<std::string> values;
    for (const char* path : paths) {
      const Json value = *path == '\0' ? Json() : json.at(Path(path));
      values.push_back(value.is_null() ? "" : value.dump());
    }
    return values;
  }

  test::TemporaryFolder folder_;
  std::string group_regex_ = "^([a-z]+[0-9]+)_";
};

TEST_F(ReadBack, FiguresOfAnEvaluation) {
  const std::string run = MakeRun("run", 2);
  const std::string page = Page({run});
  const Json metrics = ReadJsonObject(fs::path(run) / "evaluation/metrics.json");
  const Json figures = ReadJsonObject(fs::path(run) / "evaluation/figures.json");
  const auto all = test::NumbersOf(page, "all_figures");
  ASSERT_EQ(all.size(), 10U);
  for (const auto& [row, figure] :
       {std::pair(0, "top1"), std::pair(1, "top5"), std::pair(2, "average")}) {
    const std::string video = fmt::format("video_{}", figure);
    const Json& interval = figures.at("intervals_95").at(figure);
    EXPECT_EQ(all[row], (std::vector<std::string>{metrics.at(video).dump(),
                                                  metrics.at(video + "_ignoring_missing").dump(),
                                                  interval[0].dump(), interval[1].dump()}))
        << figure;
  }
  EXPECT_NE(all[0][0], all[0][1]) << "two videos are missing";
  EXPECT_EQ(all[3][1], metrics.at("mean_class_top1").dump());
  EXPECT_EQ(all[4][1], metrics.at("mean_average_precision").dump());
  EXPECT_EQ(all[5][0], metrics.at("clip_top1").dump());
  EXPECT_EQ(all[6][1], metrics.at("ece").dump());
  EXPECT_EQ(all[8][1], figures.at(Path("/ranking/hit_at_k/1/hit")).dump());
  EXPECT_EQ(test::NumbersOf(page, "runs").at(0),
            Dumped(metrics, {"/video_top1", "/video_top5", "/video_average", "/clip_top1"}));
}

TEST_F(ReadBack, CurvesOfAnEvaluation) {
  const std::string run = MakeRun("run", 2);
  const std::string page = Page({run});
  const Json figures = ReadJsonObject(fs::path(run) / "evaluation/figures.json");
  const auto coverage = test::NumbersOf(page, "risk_coverage");
  const Json& curve = figures.at(Path("/abstention/risk_coverage"));
  ASSERT_EQ(coverage.size(), curve.size());
  for (size_t row = 0; row < coverage.size(); ++row) {
    EXPECT_EQ(coverage[row],
              Dumped(curve[row], {"/threshold", "/num_answered", "/coverage", "/precision",
                                  "/precision_interval_95/0", "/precision_interval_95/1"}));
  }
  const auto judged = test::NumbersOf(page, "judged_threshold");
  ASSERT_EQ(judged.size(), 1U);
  EXPECT_EQ(judged[0],
            Dumped(figures.at(Path("/abstention/held_out")),
                   {"/wanted_precision", "/judged/threshold", "/judged/num_answered",
                    "/judged/coverage", "/judged/precision", "/judged/precision_interval_95/0",
                    "/judged/precision_interval_95/1"}));
  const auto windows = test::NumbersOf(page, "windows");
  ASSERT_EQ(windows.size(), figures.at("windows").size());
  EXPECT_EQ(windows.back(), Dumped(figures.at("windows").back(),
                                   {"/mean_windows", "/top1/missing_wrong", "/top5/missing_wrong",
                                    "/average/missing_wrong", "/top1/missing_ignored",
                                    "/mean_class_top1", "/share_of_gain"}));
  const auto places = test::NumbersOf(page, "one_window");
  ASSERT_EQ(places.size(), 3U);
  EXPECT_EQ(places[2][0], figures.at(Path("/one_window/last/top1/missing_wrong")).dump());
  const auto averages = test::NumbersOf(page, "averages");
  ASSERT_EQ(averages.size(), figures.at("averages").size());
  EXPECT_EQ(averages[3][0], figures.at(Path("/averages/3/top1/missing_wrong")).dump());
}

// compare-scores averages the scores again. The page has the answers of predictions.tsv only.
TEST_F(ReadBack, AComparisonIsThatOfCompareScores) {
  const std::string first = MakeRun("first", 1);
  const std::string second = MakeRun("second", 2);
  CompareScoresOptions options;
  options.scores_dirs = {first + "/scores", second + "/scores"};
  options.out_dir = folder_ / "comparison";
  options.intervals.group_regex = "^([a-z]+[0-9]+)_";
  RunCompareScores(options);
  const Json compared =
      ReadJsonObject(folder_ / "comparison/comparison.json").at(Path("/comparisons/0"));
  const std::string page = Page({first, second}, options.out_dir);
  const auto rows = test::NumbersOf(page, "compared");
  ASSERT_EQ(rows.size(), 2U);
  for (const size_t row : {size_t{0}, size_t{1}}) {
    Json figure = compared.at(row == 0 ? "top1" : "top5");
    figure["common"] = compared.at("num_common");
    EXPECT_EQ(rows[row],
              Dumped(figure, {"/common", "/videos/wrong_to_right", "/videos/right_to_wrong",
                              "/difference", "/interval_95/0", "/interval_95/1", "/mcnemar_p"}));
  }
  ASSERT_EQ(compared.at("verdict"), "better");
  EXPECT_THAT(page, HasSubstr("second is better than first. "));
  EXPECT_THAT(page, HasSubstr("The interval draws 10 groups of videos."));
  const auto scores = test::NumbersOf(page, "compared_scores");
  ASSERT_EQ(scores.size(), 1U);
  EXPECT_EQ(scores[0], Dumped(compared, {"/margin", "/top1/difference", "/top1/interval_95/0",
                                         "/top1/interval_95/1", "/num_drawn", "/top1/mcnemar_p",
                                         "/num_classes_changed", "/late_fusion/top1",
                                         "/late_fusion/difference", "/late_fusion/mcnemar_p"}));
  // per_class.tsv has six digits; the page's classes are sorted by p.
  const std::string per_class = ReadFile(folder_ / "comparison/per_class.tsv");
  const auto classes = test::NumbersOf(page, "compared_classes_2");
  const auto names = test::TextsOf(page, "compared_classes_2");
  ASSERT_EQ(classes.size(), static_cast<size_t>(kClasses));
  for (size_t row = 0; row < classes.size(); ++row) {
    EXPECT_THAT(per_class,
                HasSubstr(fmt::format("{}\t{}\t{:.6f}\t{:.6f}\t{}\t{}\t{:.6g}\t{:.6g}\n",
                                      names[row].at(0), classes[row][0], std::stod(classes[row][1]),
                                      std::stod(classes[row][2]), classes[row][4], classes[row][3],
                                      std::stod(classes[row][5]), std::stod(classes[row][6]))));
  }
}

// config.ini has a value with '#' only as a comment.
TEST_F(ReadBack, GroupsByAnExpressionWithANumberSign) {
  group_regex_ = "^([a-z]+[0-9]+)[#_]";
  const std::string first = MakeRun("first", 1);
  const std::string second = MakeRun("second", 2);
  ASSERT_THAT(ReadFile(first + "/evaluation/config.ini"), HasSubstr("# group-regex = ^"));
  const std::string page = Page({first, second});
  EXPECT_THAT(page, HasSubstr("The interval draws 10 groups of videos."));
  EXPECT_THAT(page, Not(HasSubstr("groups of videos are not known")));
}

TEST_F(ReadBack, GroupsWithoutACommonExpressionAreNotKnown) {
  const std::string first = MakeRun("first", 1);
  group_regex_ = "^([a-z]+[0-9]+)";
  const std::string second = MakeRun("second", 2);
  const std::string page = Page({first, second});
  EXPECT_THAT(page, HasSubstr("second against first: groups of videos are not known"));
  EXPECT_THAT(page, Not(HasSubstr("The interval draws")));
}

}  // namespace
}  // namespace reel3d
