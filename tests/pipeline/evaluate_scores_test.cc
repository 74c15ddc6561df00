// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_scores.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/class_doubts.h"
#include "lib/eval/score_file.h"
#include "tests/pipeline/small_evaluation.h"
#include "tests/test_support.h"

namespace reel3d::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class EvaluateScores : public SmallEvaluation {};

TEST_F(EvaluateScores, WritesEveryOutput) {
  const EvaluateScoresReport report = Run();
  EXPECT_EQ(Output("predictions.tsv"),
            "id\tlabel\tpredicted\tscore\ttop5_1\ttop5_2\trank\tnum_clips\tsurest_frame\t"
            "surest_frames\tsurest_crop\tsurest_probability\tconfidence\tunsure\n"
            "a\tfall\tfall\t0.952574\tfall\trise\t0\t1\t0\t16\t0\t0.952574\t0.952574\t\n"
            "b\trise\tfall\t0.731059\tfall\trise\t1\t1\t0\t16\t0\t0.731059\t0.731059\t\n"
            "c\tfall\trise\t0.500000\trise\tfall\t1\t1\t0\t16\t0\t0.500000\t0.500000\t\n");
  EXPECT_EQ(Output("confusion.tsv"), "label\trise\tfall\nrise\t0\t1\nfall\t1\t1\n");
  const Json results = Json::parse(Output("results.json"))["results"];
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results["c"][0]["label"], "rise");
  EXPECT_EQ(results["c"][1]["score"], 0.5);

  const Json metrics = Json::parse(Output("metrics.json"));
  EXPECT_EQ(metrics, report.metrics);
  EXPECT_EQ(metrics["num_videos"], 3);
  EXPECT_EQ(metrics["num_expected"], 4);
  EXPECT_EQ(metrics["num_missing"], 1);
  EXPECT_EQ(metrics["num_clips"], 4);
  EXPECT_EQ(metrics["video_top1"], 0.25);
  EXPECT_EQ(metrics["video_top5"], 0.75);
  EXPECT_EQ(metrics["video_average"], 0.5);
  EXPECT_DOUBLE_EQ(metrics["video_top1_ignoring_missing"], 1.0 / 3);
  EXPECT_EQ(metrics["clip_top1"], 0.25);
  EXPECT_EQ(metrics["per_class"][1]["class"], "fall");
  EXPECT_EQ(metrics["per_class"][1]["num_videos"], 2);
  EXPECT_EQ(metrics["per_class"][1]["top1"], 0.5);
  EXPECT_THAT(report.table,
              AllOf(HasSubstr("scored 3 of 4 videos"), HasSubstr("25.0 %"), HasSubstr("33.3 %")));
  EXPECT_EQ(Output("table.txt"), report.table);
  EXPECT_EQ(Json::parse(Output("report.json"))["checkpoint"], "step-00000010");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/DONE"));
}

TEST_F(EvaluateScores, WritesEveryFigure) {
  const EvaluateScoresReport report = Run();
  EXPECT_EQ(Output("per_class.tsv"),
            "class\tnum_videos\ttop1\ttop1_low\ttop1_high\ttop5\taverage_precision\ttaken_for\n"
            "rise\t1\t0.000000\t0.000000\t0.793451\t1.000000\t0.500000\tfall 1\n"
            "fall\t2\t0.500000\t0.094531\t0.905469\t1.000000\t0.833333\trise 1\n");
  EXPECT_THAT(Output("averages.tsv"), AllOf(HasSubstr("\nlogits\twith\t0.000000\t0.750000"),
                                            HasSubstr("\nlogits\twithout\t0.250000\t0.750000")));
  EXPECT_THAT(Output("windows.tsv"), AllOf(HasSubstr("\n1\t1.000\t\t0.250000"),
                                           HasSubstr("\nall\t1.000\t"), HasSubstr("\nthe last\t")));
  EXPECT_THAT(Output("calibration.tsv"), HasSubstr("\n0.4667\t0.5333\t1\t0.500000\t0.000000\n"));
  EXPECT_EQ(Output("suspect_labels.tsv"),
            "id\tlabel\tanswer\tmargin\nb\trise\tfall\t0.462117\nc\tfall\trise\t0.000000\n");
  const Json figures = Json::parse(Output("figures.json"));
  EXPECT_EQ(figures["accuracy"]["top1"]["missing_wrong"], 0.25);
  EXPECT_DOUBLE_EQ(figures["accuracy"]["top1"]["missing_ignored"], 1.0 / 3);
  EXPECT_EQ(figures["num_drawn"], 4);
  EXPECT_EQ(figures["averages"].size(), 8U);
  EXPECT_DOUBLE_EQ(figures["ranking"]["mean_average_precision"], (0.5 + 5.0 / 6) / 2);
  EXPECT_EQ(figures["calibration"]["as_scored"]["bins"].size(), 15U);
  EXPECT_EQ(report.metrics["per_class"][1]["top1_interval_95"].size(), 2U);
}

// Video a has two windows: one with 16 frames (logits 3 to 0 for fall), and the tail (9 to 0 for
// rise).
TEST_F(EvaluateScores, TheLadderChangesOneThingALine) {
  options_.clips.min_distinct = 1;
  const EvaluateScoresReport report = Run();
  EXPECT_EQ(Output("ladder.txt"), report.ladder);
  const auto expect = [&](const char* change, const char* top1, const std::string& points = "",
                          const std::string& average = "") {
    const std::string end = (points.empty() ? "" : fmt::format("{:>10}", points)) +
                            (average.empty() ? "" : fmt::format("{:>18}", average));
    EXPECT_THAT(report.ladder, HasSubstr(fmt::format("{:<62}{:>9}{}\n", change, top1, end)));
  };
  expect("each clip by itself; missing videos are wrong", "18.75 %");
  expect("one clip a video, the middle window", "0.00 %", "-18.75", "37.50 %");
  expect("all windows but the tail, by softmax", "25.00 %", "+25.00", "50.00 %");
  expect("the tail as well", "0.00 %", "-25.00", "37.50 %");
  expect("missing videos are ignored", "0.00 %", "+0.00", "50.00 %");
  expect("  with the tail, by log-softmax instead", "0.00 %", "+0.00", "37.50 %");
  expect("  if the network numbers the classes sorted", "75.00 %", "+75.00");
  const test::CommandResult explained = test::RunCommand(
      {test::ToolPath("evaluate-scores"), "--explain", options_.scores_dir, options_.out_dir});
  EXPECT_EQ(explained.out, report.table + "\n" + report.ladder);
  const Json rungs = Json::parse(Output("figures.json"))["ladder"];
  ASSERT_EQ(rungs.size(), 9U);
  EXPECT_EQ(rungs[3]["change"], "the tail as well");
  EXPECT_EQ(rungs[3]["gain"], -0.25);
  EXPECT_EQ(rungs[8]["beside"], true);
}

TEST_F(EvaluateScores, GroupsAreDrawnTogether) {
  options_.intervals.group_regex = "([xb])";
  ExpectRefused("2 of 3 videos do not match --group-regex '([xb])': a");
  options_.intervals.group_regex = "([abc])";
  Run();
  EXPECT_EQ(Json::parse(Output("figures.json"))["intervals_over"], "groups");
  options_.intervals.group_regex = "b";
  EXPECT_THROW(options_.Check(), Error);
}

TEST_F(EvaluateScores, LabelsFromATable) {
  options_.labels = folder_ / "labels.tsv";
  WriteFileAtomically(options_.labels, "id\tlabel\na\tfall\na\trise\na\trise\nz\trise\n");
  ::testing::internal::CaptureStderr();
  const EvaluateScoresReport report = Run();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("1 of the 2 videos with labels are not scored, and 2 of the 3 scored have "
                        "no label there"));
  // Only video a has scores and labels. The table also has video z, which has no scores. For rise,
  // a is third of three videos; for fall it is first.
  const Json ranking = Json::parse(Output("figures.json"))["ranking"];
  EXPECT_DOUBLE_EQ(ranking["mean_average_precision"], (1.0 / 6 + 1) / 2);
  EXPECT_DOUBLE_EQ(ranking["hit_at_k"][0]["hit"], 0.5);
  EXPECT_DOUBLE_EQ(ranking["hit_at_k"][0]["average_hit"], 0.25);
  EXPECT_THAT(report.table, HasSubstr("several labels: hit@1 50.0 %"));
}

TEST_F(EvaluateScores, LabelsThatCannotBeUsed) {
  options_.labels = folder_ / "labels.tsv";
  WriteFileAtomically(options_.labels, "id\tlabel\na\tfall\na\tfly\n");
  ExpectRefused("labels.tsv:3: 'fly' is none of the 2 classes of the scores");
  WriteFileAtomically(options_.labels, "id\tlabel\tsubset\na\tfly\ttraining\n");
  ExpectRefused("it holds no labels of the subset validation");
  WriteFileAtomically(options_.labels, "id\tlabel\nx\trise\ny\tfall\n");
  ExpectRefused("none of its 2 videos is scored; its first id is 'x', that of the scores is 'a'");
  WriteFileAtomically(options_.labels, "id\tlabel\n");
  ExpectRefused("it holds no labels");
}

TEST_F(EvaluateScores, ManyClassesAreNotAllPrinted) {
  std::vector<std::string> classes = {"rise", "fall"};
  for (int label = 2; label < 31; ++label) {
    classes.push_back("class_" + std::to_string(label));
  }
  WidenClasses(classes);
  const std::string table = Run().table;
  EXPECT_THAT(table, AllOf(HasSubstr("weakest classes"), HasSubstr("\nrise ")));
  EXPECT_THAT(table, ::testing::Not(HasSubstr("class_7")));
  EXPECT_THAT(Output("per_class.tsv"), HasSubstr("\nclass_7\t0\t"));
}

TEST_F(EvaluateScores, ADamagedScoreFileIsRefused) {
  Run();
  const auto file = folder_ / "scores/scores-00000.h5";
  std::string bytes = ReadFile(file);
  const float logit = 9;
  const size_t at = bytes.find(std::string(reinterpret_cast<const char*>(&logit), sizeof(logit)));
  ASSERT_NE(at, std::string::npos);
  bytes[at + 3] = static_cast<char>(bytes[at + 3] ^ 0x80);  // flips the sign: -9
  WriteFileAtomically(file, bytes);
  options_.out_dir = folder_ / "again";
  try {
    RunEvaluateScores(options_);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(),
                AllOf(StartsWith(file.string()), HasSubstr("the scores of video a do not match"),
                      HasSubstr("the same score-videos command makes it again")));
  }
}

TEST_F(EvaluateScores, ACutScoreFileIsRefused) {
  Run();
  const auto file = folder_ / "scores/scores-00001.h5";
  const std::string bytes = ReadFile(file);
  options_.out_dir = folder_ / "again";
  for (const size_t size : {size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
    WriteFileAtomically(file, bytes.substr(0, size));
    try {
      RunEvaluateScores(options_);
      ADD_FAILURE() << "nothing was thrown at " << size << " bytes";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), AllOf(StartsWith(file.string()),
                                      HasSubstr("the same score-videos command makes it again")));
    }
  }
}

// Several files are read at once, but the error is always that of the first bad file.
TEST_F(EvaluateScores, TheFirstBadFileIsNamed) {
  parts_[0].logits[4] = std::nanf("");
  parts_[1].logits[0] = INFINITY;
  for (int round = 0; round < 20; ++round) {
    ExpectRefused("scores-00000.h5: clip 2 (video a, first frame 16)");
  }
}

TEST_F(EvaluateScores, WithoutVideosNothingIsEvaluated) {
  for (Scores& part : parts_) {
    part.clips.clear();
    part.logits.clear();
  }
  ExpectRefused("has no clip of any of the 4 videos of validation");
  for (Scores& part : parts_) {
    part.videos.clear();
    part.num_videos_expected = 0;
  }
  ExpectRefused("the subset validation has no videos");
}

TEST_F(EvaluateScores, SameBytesAgainAndOtherSettingsOnlyWithOverwrite) {
  Run();
  const std::string metrics = Output("metrics.json");
  Run();
  EXPECT_EQ(Output("metrics.json"), metrics);
  options_.clips.min_distinct = 1;
  EXPECT_THROW(Run(), Error);
  EXPECT_EQ(Output("metrics.json"), metrics);
  options_.overwrite = true;
  Run();
  EXPECT_THAT(Output("predictions.tsv"), HasSubstr("a\tfall\trise"));
}

// The surest clip is the first one with the highest probability of the answer, among those that
// were averaged.
TEST_F(EvaluateScores, NamesTheSurestClipOfEachVideo) {
  parts_[1].clips = {{0, 0, 16, 0}, {0, 0, 16, 1}, {0, 16, 16, 0}, {0, 16, 16, 1}, {0, 32, 3, 0}};
  parts_[1].logits = {1, 0, 0, 5, 0, 7, 0, 7, 0, 9};
  Run();
  EXPECT_THAT(Output("predictions.tsv"),
              HasSubstr("\nc\tfall\tfall\t0.815107\tfall\trise\t0\t4\t16\t16\t0\t0.999089\t"));
}

TEST_F(EvaluateScores, TopKLimitsResults) {
  options_.top_k = 1;
  Run();
  EXPECT_EQ(Json::parse(Output("results.json"))["results"]["a"].size(), 1U);
}

TEST_F(EvaluateScores, ResultsAsActivityNetAsksForThem) {
  options_.results_form = "activitynet";
  Run();
  const Json results = Json::parse(Output("results.json"));
  EXPECT_EQ(results["version"], "VERSION 1.3");
  EXPECT_TRUE(results["external_data"].is_object());
  EXPECT_EQ(results["results"].size(), 3U);
  options_.results_form = "kinetics";
  options_.overwrite = true;
  EXPECT_THROW(Run(), Error);
}

TEST_F(EvaluateScores, AMissingPartIsAnErrorOrCountsAsWrong) {
  parts_.pop_back();
  ExpectRefused("lacks 1 of 2 parts, the first is scores-00001.h5");
  options_.allow_missing = true;
  const EvaluateScoresReport report = Run();
  EXPECT_EQ(report.metrics["num_missing"], 2);
  EXPECT_EQ(report.metrics["video_top1"], 0.25);
  EXPECT_EQ(report.metrics["video_top1_ignoring_missing"], 0.5);
  EXPECT_THAT(Output("failed.tsv"), HasSubstr("scores-00001.h5\tevaluate\tmissing"));
}

// The number of videos is a claim of the file. It may decide figures, but not time and memory.
TEST_F(EvaluateScores, AFileThatClaimsManyVideosIsEvaluatedAtOnce) {
  for (Scores& part : parts_) {
    part.num_videos_expected = 100'000'000;
  }
  const EvaluateScoresReport report = Run();
  EXPECT_EQ(report.metrics["num_missing"], 100'000'000 - 3);
  EXPECT_LT(report.metrics["video_top1"], 1e-7);
  EXPECT_LT(Json::parse(Output("figures.json"))["intervals_95"]["top1"][1], 1e-6);
}

TEST_F(EvaluateScores, AVideoWithoutClipsIsMissing) {
  parts_[1].clips.clear();
  parts_[1].logits.clear();
  EXPECT_EQ(Run().metrics["num_missing"], 2);
}

TEST_F(EvaluateScores, WithoutLabelsThereAreOnlyPredictions) {
  for (Scores& part : parts_) {
    for (ScoredVideo& video : part.videos) {
      video.label = -1;
    }
  }
  const EvaluateScoresReport report = Run();
  EXPECT_EQ(report.metrics["num_unlabelled"], 3);
  EXPECT_FALSE(report.metrics.contains("video_top1"));
  EXPECT_THAT(Output("predictions.tsv"), HasSubstr("\na\t\tfall\t"));
}

TEST_F(EvaluateScores, RefusesPartsThatDoNotBelongTogether) {
  const std::vector<Scores> good = parts_;
  const auto expect = [&](const char* why, void (*spoil)(Scores*)) {
    parts_ = good;
    spoil(&parts_[1]);
    ExpectRefused(why);
  };
  expect("same checkpoint", [](Scores* part) { part->checkpoint = "step-00000020"; });
  expect("(step-00000020, not step-00000010): score them again",
         [](Scores* part) { part->checkpoint = "step-00000020"; });
  expect("same settings", [](Scores* part) { part->settings = "clip-length = 8;"; });
  expect("same number of videos", [](Scores* part) { part->num_videos_expected = 5; });
  expect("same data", [](Scores* part) { part->data = "ffffffff"; });
  expect("same subset", [](Scores* part) { part->subset = "testing"; });
  expect("same classes", [](Scores* part) { part->classes = {"fall", "rise"}; });
  expect("same number of parts", [](Scores* part) { part->num_parts = 3; });
  expect("both hold part 0", [](Scores* part) { part->part = 0; });
  expect("video a is both in", [](Scores* part) { part->videos[0].id = "a"; });
}

TEST_F(EvaluateScores, ALogitThatIsNoNumberNamesItsClip) {
  for (const float bad : {std::nanf(""), INFINITY}) {
    parts_[0].logits[4] = bad;
    ExpectRefused("scores-00000.h5: clip 2 (video a, first frame 16)");
  }
}

TEST_F(EvaluateScores, AFolderWithoutScoresIsAnError) {
  parts_.clear();
  ExpectRefused("holds no scores-NNNNN.h5");
  options_.scores_dir = folder_ / "elsewhere";
  EXPECT_THROW(RunEvaluateScores(options_), Error);
}

TEST_F(EvaluateScores, AsATool) {
  Run();
  const std::string tool = test::ToolPath("evaluate-scores");
  const std::vector<std::string> paths = {options_.scores_dir, folder_ / "by_tool"};
  const test::CommandResult table = test::RunCommand({tool, paths[0], paths[1]});
  EXPECT_EQ(table.exit_status, 0) << table.err;
  EXPECT_THAT(table.out, StartsWith("validation: scored 3 of 4 videos"));
  const test::CommandResult json = test::RunCommand({tool, "--json", paths[0], paths[1]});
  EXPECT_EQ(Json::parse(json.out)["num_videos"], 3);
  EXPECT_EQ(test::RunCommand({tool, "--average", "mean", paths[0], paths[1]}).exit_status, 2);
  EXPECT_EQ(test::RunCommand({tool, paths[1], paths[1]}).exit_status, 3);
}

}  // namespace
}  // namespace reel3d::test
