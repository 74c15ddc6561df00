// Tests of evaluate-scores with tables beside the scores, and of answers that are too unsure.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lib/eval/interval.h"
#include "tests/pipeline/small_evaluation.h"

namespace reel3d::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EvaluateTables : public SmallEvaluation {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    WriteFileAtomically(folder_ / name, text);
    return folder_ / name;
  }
  // Expects an input error when the scores are evaluated into another folder.
  void ExpectRefusedLater(const std::string& why) {
    options_.out_dir = folder_ / "later";
    try {
      Run();
      ADD_FAILURE() << "expected: " << why;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  }
};

TEST_F(EvaluateTables, SlicesByTheColumnsOfATable) {
  options_.slices = Write("side.tsv",
                          "fps\tid\tnum_frames\tsource\n25\ta\t50\tcam\n25\tb\t75\tweb\n"
                          "50\tz\t1\tx\n");
  options_.slice_by = {"fps", "num_frames", "source", "duration_s"};
  const EvaluateScoresReport report = Run();
  const Interval none = WilsonInterval(0, 1);
  const Interval all = WilsonInterval(1, 1);
  const auto row = [](const char* slice, int num_videos, double top1, const Interval& interval) {
    return fmt::format("\n{}\t{}\t{:.6f}\t{:.6f}\t{:.6f}\t", slice, num_videos, top1, interval.low,
                       interval.high);
  };
  EXPECT_THAT(Output("slices.tsv"), AllOf(HasSubstr(row("windows\t2", 1, 1, all)),
                                          HasSubstr(row("fps\t25", 2, 0.5, WilsonInterval(1, 2))),
                                          HasSubstr(row("fps\t(none)", 1, 0, none)),
                                          HasSubstr(row("source\tcam", 1, 1, all)),
                                          HasSubstr(row("duration_s\t2", 1, 1, all)),
                                          HasSubstr(row("duration_s\t3", 1, 0, none))));
  EXPECT_EQ(report.metrics["slices"].size(), 13U);
  EXPECT_EQ(report.metrics["slices"][0]["stands_out"], false);
  EXPECT_THAT(report.table,
              HasSubstr("slices: none of 13 parts of the videos differs from the mean"));
  options_.slice_by = {"source"};
  options_.overwrite = true;
  EXPECT_EQ(Run().metrics["slices"].size(), 5U);
}

TEST_F(EvaluateTables, FramesAndRatesThatMakeNoDuration) {
  options_.slices =
      Write("side.tsv", "id\tnum_frames\tfps\na\t50\t25\nb\t50\tinf\nc\t1e300\t1e-300\n");
  options_.slice_by = {"duration_s"};
  Run();
  EXPECT_THAT(Output("slices.tsv"),
              AllOf(HasSubstr("\nduration_s\t(none)\t2\t"), Not(HasSubstr("inf"))));
}

// One video without a number must not make the column one of texts.
TEST_F(EvaluateTables, NumbersThatAreNotKnown) {
  options_.slices = Write("side.tsv",
                          "id\tfps\tmotion\tcam\nx\tnan\tnan\t\nc\tNaN\t0.5\tnan\nb\t\t-inf\tnan\n"
                          "a\t25\t1\t\n");
  testing::internal::CaptureStderr();
  Run();
  EXPECT_THAT(Output("slices.tsv"),
              AllOf(HasSubstr("\nfps\t25\t1\t"), HasSubstr("\nfps\t(none)\t2\t"),
                    HasSubstr("\nmotion\t0.5\t1\t"), HasSubstr("\nmotion\t(none)\t1\t"),
                    HasSubstr("\ncam\tnan\t2\t"), HasSubstr("\ncam\t(none)\t1\t")));
  EXPECT_THAT(
      testing::internal::GetCapturedStderr(),
      AllOf(HasSubstr("side.tsv: column fps has no number for 2 scored videos, the first in line 3 "
                      "(NaN): they are the slice (none)"),
            HasSubstr("column motion has no number for 1 scored video, the first in line 4 (-inf)"),
            Not(HasSubstr("column cam"))));
}

TEST_F(EvaluateTables, ATextAmongNumbersIsNamed) {
  options_.slices = Write("side.tsv", "id\tfps\tcam\na\t25\t1\nb\tunknown\tweb\nc\t50\tphone\n");
  testing::internal::CaptureStderr();
  Run();
  EXPECT_THAT(
      testing::internal::GetCapturedStderr(),
      AllOf(HasSubstr("column fps has numbers for 2 scored videos and texts for 1, the first in "
                      "line 3 ('unknown'): all are taken as texts; leave the field empty where a "
                      "number is not known (the column is left out, as no two values are equal)"),
            Not(HasSubstr("column cam"))));
  EXPECT_THAT(Output("slices.tsv"), Not(HasSubstr("\nfps\t")));
  options_.slice_by = {"fps"};
  options_.overwrite = true;
  testing::internal::CaptureStderr();
  Run();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("all are taken as texts"), Not(HasSubstr("the column is left out"))));
  EXPECT_THAT(Output("slices.tsv"), HasSubstr("\nfps\tunknown\t1\t"));
}

TEST_F(EvaluateTables, AColumnThatStandsTwice) {
  options_.slices = Write("side.tsv", "id\tcam\tcam\na\tx\ty\n");
  ExpectRefusedLater("has the column 'cam' twice");
}

TEST_F(EvaluateTables, ColumnsThatTellNoKindsOfVideosAreSlicesOnlyIfNamed) {
  options_.slices = Write("side.tsv",
                          "id\tpath\tlabel\tcam\na\ta.mp4\trise\tx\nb\tb.mp4\tfall\tx\n"
                          "c\tc.mp4\tfall\ty\n");
  Run();
  EXPECT_THAT(Output("slices.tsv"), AllOf(HasSubstr("\ncam\ty\t1\t"), Not(HasSubstr("\npath\t")),
                                          Not(HasSubstr("\nlabel\t"))));
  options_.slice_by = {"path", "label"};
  options_.overwrite = true;
  Run();
  EXPECT_THAT(Output("slices.tsv"),
              AllOf(HasSubstr("\npath\ta.mp4\t1\t"), HasSubstr("\nlabel\tfall\t2\t")));
}

TEST_F(EvaluateTables, IdsThatAreNotScoredAreCounted) {
  options_.slices = Write("side.tsv", "id\tfps\na\t25\nx\t30\n");
  options_.only_videos = Write("paper.tsv", "id\nb\nnowhere\n");
  testing::internal::CaptureStderr();
  Run();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("2 of the 3 scored videos are not in "),
                    HasSubstr("1 of the 2 videos in "), HasSubstr("have no scores")));
}

TEST_F(EvaluateTables, ATableOfOtherVideosIsRefused) {
  options_.slices = Write("side.tsv", "id\tfps\na.mp4\t25\n");
  ExpectRefused("side.tsv names none of the 3 scored videos: its first id is 'a.mp4', and theirs");
  options_.slices.clear();
  options_.only_videos = Write("paper.tsv", "id\nb.mp4\n");
  ExpectRefused("paper.tsv names none of the 3 scored videos: its first id is 'b.mp4', and theirs");
}

TEST_F(EvaluateTables, APartWithoutVideosIsNoRung) {
  parts_[0].videos[0].label = -1;
  options_.only_videos = Write("paper.tsv", "id\nb\n");
  EXPECT_THAT(Run().ladder, Not(HasSubstr("are left")));
}

// Only video c has the longest window, 12 frames. The ladder states this length.
TEST_F(EvaluateTables, TheRungOfFullWindowsSaysHowFull) {
  parts_[0].clips = {{0, 0, 9}, {1, 0, 9}, {1, 9, 3}};
  parts_[1].clips = {{0, 0, 12}};
  EXPECT_THAT(Run().ladder, HasSubstr("only videos with a window of 12 frames: 1 are left"));
}

TEST_F(EvaluateTables, TablesThatCannotBeUsed) {
  options_.slices = Write("side.tsv", "id\tfps\na\t25\na\t30\n");
  ExpectRefused("side.tsv:3: video a is there twice: give each video one row");
  Write("side.tsv", "name\tfps\na\t25\n");
  ExpectRefused("side.tsv has no column 'id'; its columns are: name, fps");
  Write("side.tsv", "id\tfps\n");
  ExpectRefused("it holds no videos");
  Write("side.tsv", "");
  ExpectRefused("has no column 'id'");
  Write("side.tsv", "id\tfps\na\n");
  ExpectRefused("side.tsv:2: ");
  Write("side.tsv", "id\tfps\na\t1\n");
  options_.slice_by = {"height"};
  ExpectRefused("side.tsv has no column 'height'; its columns are: id, fps");
  options_.slices.clear();
  EXPECT_THROW(options_.Check(), Error);
}

TEST_F(EvaluateTables, TheLadderOfListedVideosAndAnotherOrder) {
  options_.clips.min_distinct = 1;
  options_.only_videos = Write("paper.tsv", "id\nb\nnowhere\n");
  options_.class_order = Write("order.txt", "fall\nrise\n");
  const EvaluateScoresReport report = Run();
  EXPECT_THAT(report.ladder,
              AllOf(HasSubstr("only the listed videos: 1 are left"),
                    HasSubstr("if the network numbers the classes as in order.txt")));
  Write("order.txt", "fall\nwave\n");
  ExpectRefusedLater("order.txt lacks the class rise");
  Write("order.txt", "fall\nrise\nfall\n");
  ExpectRefusedLater("order.txt has 3 lines with classes, and the scores have 2 classes");
}

TEST_F(EvaluateTables, TheLadderSaysThatCompleteFramesWereScored) {
  EXPECT_THAT(Run().ladder, Not(HasSubstr("complete frames")));
  options_.overwrite = true;
  const auto ladder_with = [&](const std::string& settings) {
    for (Scores& part : parts_) {
      part.settings = settings;
    }
    return Run().ladder;
  };
  EXPECT_THAT(ladder_with("other-crops = whole;crops = 1;"), Not(HasSubstr("complete frames")));
  for (const char* settings : {"windows = 0;crops = whole;short-side = 0;", "crops = whole;"}) {
    EXPECT_THAT(ladder_with(settings),
                HasSubstr("one clip a video, the middle window, complete frames"));
  }
}

TEST_F(EvaluateTables, UnsureAnswersAreMarked) {
  options_.unsure_below = 0.7;
  Run();
  EXPECT_THAT(Output("predictions.tsv"),
              AllOf(HasSubstr("\t0.731059\tno\n"), HasSubstr("\t0.500000\tyes\n")));
  options_.precision = 0.9;
  EXPECT_THROW(options_.Check(), Error);
}

// A hash of the ids decides which half chooses the threshold: a and c, or b.
TEST_F(EvaluateTables, AWantedPrecisionIsChosenOnOneHalfAndJudgedOnTheOther) {
  options_.precision = 0.9;
  const EvaluateScoresReport report = Run();
  const Json held_out = Json::parse(Output("figures.json"))["abstention"]["held_out"];
  EXPECT_EQ(held_out["wanted_precision"], 0.9);
  EXPECT_THAT(report.table, HasSubstr("abstention: "));
  const std::string predictions = Output("predictions.tsv");
  if (held_out["chosen"].is_null()) {
    EXPECT_THAT(predictions, HasSubstr("\t0.952574\tyes\n"));
    EXPECT_FALSE(report.metrics.contains("unsure_below"));
  } else {
    EXPECT_GE(held_out["chosen"]["precision"], 0.9);
    EXPECT_EQ(report.metrics["unsure_below"], held_out["chosen"]["threshold"]);
  }
}

TEST_F(EvaluateTables, APrecisionNeedsLabels) {
  for (Scores& part : parts_) {
    for (ScoredVideo& video : part.videos) {
      video.label = -1;
    }
  }
  options_.precision = 0.9;
  ExpectRefused("no video has a label, so --precision cannot choose a threshold");
}

}  // namespace
}  // namespace reel3d::test
