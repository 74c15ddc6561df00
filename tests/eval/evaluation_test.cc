// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lib/base/rng.h"
#include "lib/eval/part_scores.h"
#include "lib/eval/score_file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::ElementsAre;

constexpr int kNumClasses = 6;
constexpr int kNumVideos = 90;

// Returns scores of videos with 1 to 9 windows, the last window with fewer frames. Ten more videos
// are expected and missing.
Scores RandomScores(uint64_t seed) {
  Rng rng(seed);
  Scores scores;
  scores.subset = "validation";
  scores.num_videos_expected = kNumVideos + 10;
  for (int label = 0; label < kNumClasses; ++label) {
    scores.classes.push_back("class " + std::to_string(label));
  }
  for (uint32_t video = 0; video < kNumVideos; ++video) {
    const auto label = static_cast<int32_t>(rng.Below(kNumClasses));
    scores.videos.push_back({"video_" + std::to_string(100 + video), label});
    const int64_t num_windows = 1 + rng.Below(9);
    for (int64_t window = 0; window < num_windows; ++window) {
      scores.clips.push_back({video, static_cast<uint32_t>(16 * window),
                              static_cast<uint16_t>(window + 1 < num_windows ? 16 : 5)});
      for (int index = 0; index < kNumClasses; ++index) {
        scores.logits.push_back(static_cast<float>(rng.Uniform(-3, 3) + (index == label ? 1 : 0)));
      }
    }
  }
  return scores;
}

class EvaluationTest : public ::testing::Test {
 protected:
  SubsetScores Read(const Scores& scores, ScoresRequest request = {}) {
    WriteScores(folder_ / "scores-00000.h5", scores);
    request.readings = ReadingsOfEvaluation(request.averaging);
    return ReadSubsetScores(folder_.path(), request);
  }

  test::TemporaryFolder folder_;
};

// Reverses the order of the videos, and renumbers the videos of the clips.
Scores Reversed(const Scores& scores) {
  Scores reversed = scores;
  std::reverse(reversed.videos.begin(), reversed.videos.end());
  for (ScoredClip& clip : reversed.clips) {
    clip.video = static_cast<uint32_t>(scores.videos.size()) - 1 - clip.video;
  }
  return reversed;
}

void ExpectSameFigures(const AccuracyFigures& a, const AccuracyFigures& b) {
  EXPECT_EQ(a.top1.missing_wrong, b.top1.missing_wrong);
  EXPECT_EQ(a.top5.missing_ignored, b.top5.missing_ignored);
  EXPECT_EQ(a.mean_class_top1, b.mean_class_top1);
}

// The memory of a reading does not grow with the cores of the machine.
TEST(PartsAtOnce, HaveAtMost64MibTogether) {
  constexpr uintmax_t kMib = 1U << 20U;
  EXPECT_EQ(PartsAtOnce(8 * kMib, 79, 128), 8);
  EXPECT_EQ(PartsAtOnce(82 * kMib, 15, 16), 1);
  EXPECT_EQ(PartsAtOnce(1, 79, 128), 16);
  EXPECT_EQ(PartsAtOnce(0, 79, 2), 2);
  EXPECT_EQ(PartsAtOnce(8 * kMib, 3, 16), 3);
}

TEST_F(EvaluationTest, TheOrderOfVideosDoesNotMatter) {
  const Evaluation one = Evaluate(Read(RandomScores(1)), {});
  const Evaluation other = Evaluate(Read(Reversed(RandomScores(1))), {});
  ExpectSameFigures(one.figures, other.figures);
  EXPECT_EQ(one.intervals.top1.low, other.intervals.top1.low);
  EXPECT_EQ(one.intervals.mean_class_top1.high, other.intervals.mean_class_top1.high);
  EXPECT_EQ(one.calibration.temperature, other.calibration.temperature);
  EXPECT_EQ(one.ranking.mean_average_precision, other.ranking.mean_average_precision);
  EXPECT_EQ(one.confusion, other.confusion);
}

// A reading (a way to average windows) gives the same figures, whether it is the main reading or
// not.
TEST_F(EvaluationTest, EveryReadingIsWhatItIsAlone) {
  const Scores scores = RandomScores(2);
  const Evaluation whole = Evaluate(Read(scores), {});
  ASSERT_EQ(whole.averages.size(), 2 * AveragingNames().size());
  for (const ReadingFigures& row : whole.averages) {
    ScoresRequest request;
    request.averaging = row.reading.averaging;
    request.min_distinct = row.reading.windows.windows == Windows::kNoTail ? 16 : 1;
    EvaluationOptions options;
    options.averaging = request.averaging;
    ExpectSameFigures(row.figures, Evaluate(Read(scores, request), options).figures);
  }
}

TEST_F(EvaluationTest, BothDenominators) {
  const Evaluation evaluation = Evaluate(Read(RandomScores(3)), {});
  EXPECT_EQ(evaluation.num_missing(), 10);
  for (const ReadingFigures& row : evaluation.averages) {
    EXPECT_NEAR(row.figures.top1.missing_wrong * 100, row.figures.top1.missing_ignored * 90, 1e-9);
  }
  EXPECT_LT(evaluation.intervals.top1.low, evaluation.figures.top1.missing_wrong);
  EXPECT_GT(evaluation.intervals.top1.high, evaluation.figures.top1.missing_wrong);
  EXPECT_GT(evaluation.intervals.top1_missing_ignored.low, evaluation.intervals.top1.low);
}

// Five videos with the classes 0 to 4. The first `num_right` are answered rightly.
Scores FiveVideos(int num_right) {
  Scores scores = RandomScores(5);
  scores.videos.resize(5);
  scores.num_videos_expected = 5;
  scores.clips.clear();
  scores.logits.assign(5 * kNumClasses, 0);
  for (int video = 0; video < 5; ++video) {
    scores.videos[static_cast<size_t>(video)].label = video;
    scores.clips.push_back({static_cast<uint32_t>(video), 0, 16});
    const int answer = video < num_right ? video : 5;
    scores.logits[static_cast<size_t>(video * kNumClasses + answer)] = 2;
  }
  return scores;
}

void ExpectEqual(const Interval& interval, const Interval& expected) {
  EXPECT_DOUBLE_EQ(interval.low, expected.low);
  EXPECT_DOUBLE_EQ(interval.high, expected.high);
}

TEST_F(EvaluationTest, IfAllVideosAreRightTheIntervalsAreWilsons) {
  const FigureIntervals intervals = Evaluate(Read(FiveVideos(5)), {}).intervals;
  for (const Interval& interval : {intervals.top1, intervals.top5, intervals.average,
                                   intervals.mean_class_top1, intervals.top1_missing_ignored}) {
    ExpectEqual(interval, WilsonInterval(5, 5));
  }
  const FigureIntervals wrong = Evaluate(Read(FiveVideos(0)), {}).intervals;
  ExpectEqual(wrong.top1, WilsonInterval(0, 5));
  ExpectEqual(wrong.mean_class_top1, WilsonInterval(0, 5));
}

TEST_F(EvaluationTest, IfAlmostAllVideosAreRightTheIntervalReachesAsFarAsWilsons) {
  const Evaluation evaluation = Evaluate(Read(FiveVideos(4)), {});
  EXPECT_DOUBLE_EQ(evaluation.figures.top1.missing_wrong, 0.8);
  EXPECT_LE(evaluation.intervals.top1.low, WilsonInterval(4, 5).low);
  EXPECT_EQ(evaluation.intervals.top1.high, 1);  // of the bootstrap
}

TEST_F(EvaluationTest, WindowsRiseFromOneToAll) {
  const Evaluation evaluation = Evaluate(Read(RandomScores(4)), {});
  std::vector<double> mean_windows;
  for (const WindowFigures& row : evaluation.windows) {
    mean_windows.push_back(row.mean_windows);
  }
  ASSERT_EQ(mean_windows.size(), 5U);  // 1, 2, 4, 8 and all: no video has 16 windows
  EXPECT_TRUE(std::is_sorted(mean_windows.begin(), mean_windows.end()));
  EXPECT_EQ(mean_windows.front(), 1);
  EXPECT_EQ(evaluation.windows.back().reading.windows.windows, Windows::kKept);
  ExpectSameFigures(evaluation.windows.back().figures, evaluation.figures);
  EXPECT_EQ(evaluation.windows.front().share_of_gain, 0);
  EXPECT_EQ(evaluation.windows.back().share_of_gain, 1);
  EXPECT_EQ(evaluation.places.size(), 3U);
}

TEST_F(EvaluationTest, OneWindowAVideoHasNoGain) {
  Scores scores = RandomScores(5);
  scores.videos.resize(2);
  scores.clips = {{0, 0, 16}, {1, 0, 16}};
  scores.logits.resize(2 * kNumClasses);
  const Evaluation evaluation = Evaluate(Read(scores), {});
  ASSERT_EQ(evaluation.windows.size(), 2U);  // one window, and all windows
  EXPECT_FALSE(evaluation.windows.front().share_of_gain.has_value());
}

// Returns scores with three crops of each window; each crop has its own logits.
Scores WithThreeCrops(const Scores& scores) {
  Rng rng(9);
  Scores crops = scores;
  crops.clips.clear();
  crops.logits.clear();
  for (size_t clip = 0; clip < scores.clips.size(); ++clip) {
    for (uint8_t crop = 0; crop < 3; ++crop) {
      crops.clips.push_back(scores.clips[clip]);
      crops.clips.back().crop = crop;
      for (int index = 0; index < kNumClasses; ++index) {
        crops.logits.push_back(scores.logits[clip * kNumClasses + static_cast<size_t>(index)] +
                               static_cast<float>(rng.Uniform(-1, 1)));
      }
    }
  }
  return crops;
}

// Returns the mean of the softmax of these rows, computed without VideoClips.
std::vector<double> MeanSoftmax(const Scores& scores, const std::vector<size_t>& rows) {
  std::vector<double> mean(kNumClasses, 0);
  for (const size_t row : rows) {
    const float* logits = &scores.logits[row * kNumClasses];
    double sum = 0;
    for (int index = 0; index < kNumClasses; ++index) {
      sum += std::exp(static_cast<double>(logits[index]));
    }
    for (int index = 0; index < kNumClasses; ++index) {
      mean[static_cast<size_t>(index)] +=
          std::exp(static_cast<double>(logits[index])) / sum / static_cast<double>(rows.size());
    }
  }
  return mean;
}

int BestOf(const std::vector<double>& values) {
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

TEST_F(EvaluationTest, AVideoIsTheMeanOfAllCropsAndWindowsCountOnce) {
  const Scores scores = WithThreeCrops(RandomScores(8));
  const SubsetScores subset = Read(scores);
  const std::vector<Reading> readings = ReadingsOfEvaluation(Averaging::kSoftmax);
  for (uint32_t video = 0; video < kNumVideos; ++video) {  // the ids rise with the rows
    const VideoScores& scored = subset.videos[video];
    std::vector<size_t> rows;
    for (size_t row = 0; row < scores.clips.size(); ++row) {
      if (scores.clips[row].video == video) {
        rows.push_back(row);
      }
    }
    ASSERT_EQ(scored.num_clips, static_cast<int>(rows.size()));
    const std::vector<double> mean = MeanSoftmax(scores, rows);
    for (size_t index = 0; index < mean.size(); ++index) {
      ASSERT_NEAR(scored.scores[index], mean[index], 1e-9);
    }
    const size_t num_windows = rows.size() / 3;
    for (size_t place = 0; place < readings.size(); ++place) {
      const Windows windows = readings[place].windows.windows;
      if (readings[place].averaging != Averaging::kSoftmax ||
          (windows != Windows::kFirst && windows != Windows::kLast &&
           windows != Windows::kNoTail)) {
        continue;
      }
      std::vector<size_t> chosen(rows.begin(), rows.begin() + 3);
      if (windows == Windows::kLast) {
        chosen.assign(rows.end() - 3, rows.end());
      } else if (windows == Windows::kNoTail && num_windows > 1) {  // the last one is the tail
        chosen.assign(rows.begin(), rows.end() - 3);
      }
      EXPECT_EQ(scored.answers[place].num_windows, static_cast<int>(chosen.size() / 3));
      if (readings[place].one_crop) {
        std::vector<size_t> centres;
        for (size_t first = 0; first < chosen.size(); first += 3) {
          centres.push_back(chosen[first]);
        }
        chosen = centres;
      }
      EXPECT_EQ(scored.answers[place].predicted, BestOf(MeanSoftmax(scores, chosen)));
    }
  }
}

// If all crops of a window have equal scores, the figures equal those of one crop.
TEST_F(EvaluationTest, EqualCropsChangeNoFigure) {
  const Scores scores = RandomScores(8);
  Scores crops = scores;
  crops.clips.clear();
  crops.logits.clear();
  for (size_t clip = 0; clip < scores.clips.size(); ++clip) {
    for (uint8_t crop = 0; crop < 10; ++crop) {
      crops.clips.push_back(scores.clips[clip]);
      crops.clips.back().crop = crop;
      const auto logits = scores.logits.begin() + static_cast<ptrdiff_t>(clip * kNumClasses);
      crops.logits.insert(crops.logits.end(), logits, logits + kNumClasses);
    }
  }
  const Evaluation one = Evaluate(Read(scores), {});
  const Evaluation ten = Evaluate(Read(crops), {});
  ExpectSameFigures(one.figures, ten.figures);
  EXPECT_EQ(one.num_clips * 10, ten.num_clips);
  ASSERT_EQ(one.windows.size(), ten.windows.size());
  for (size_t row = 0; row < one.windows.size(); ++row) {
    EXPECT_EQ(one.windows[row].mean_windows, ten.windows[row].mean_windows);
    ExpectSameFigures(one.windows[row].figures, ten.windows[row].figures);
  }
  ASSERT_EQ(one.places.size(), ten.places.size());
  for (size_t row = 0; row < one.places.size(); ++row) {
    ExpectSameFigures(one.places[row].figures, ten.places[row].figures);
  }
}

TEST_F(EvaluationTest, GroupsWidenTheInterval) {
  const SubsetScores subset = Read(RandomScores(6));
  EvaluationOptions options;
  for (const VideoScores& video : subset.videos) {
    options.groups.push_back(video.answers[0].rank == 0 ? "easy" : "hard");
  }
  const Evaluation grouped = Evaluate(subset, options);
  const Evaluation single = Evaluate(subset, {});
  EXPECT_EQ(grouped.num_groups, 12);  // two groups, and ten missing videos
  EXPECT_EQ(single.num_groups, 100);
  const auto width = [](const Interval& interval) { return interval.high - interval.low; };
  EXPECT_GT(width(grouped.intervals.top1), 2 * width(single.intervals.top1));
  EXPECT_EQ(grouped.figures.top1.missing_wrong, single.figures.top1.missing_wrong);
}

TEST_F(EvaluationTest, SeveralLabelsAVideo) {
  Scores scores = RandomScores(7);
  scores.videos.resize(2);
  scores.clips = {{0, 0, 16}, {1, 0, 16}};
  scores.logits = {3, 2, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3};
  EvaluationOptions options;
  options.labels = {{"video_100", {0, 1}}, {"video_101", {0}}, {"video_999", {5}}};
  const Evaluation evaluation = Evaluate(Read(scores), options);
  EXPECT_TRUE(evaluation.has_several_labels);
  // The videos of class 0 are at places 1 and 2, that of class 1 at place 1. Class 5 belongs to a
  // video without scores.
  EXPECT_DOUBLE_EQ(evaluation.ranking.mean_average_precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(evaluation.ranking.hit_rates[0].any, 1.0 / 3);
  EXPECT_DOUBLE_EQ(evaluation.ranking.hit_rates[0].mean, 0.5 / 3);
}

TEST_F(EvaluationTest, ClassesHaveWilsonIntervals) {
  const Evaluation evaluation = Evaluate(Read(RandomScores(8)), {});
  for (const ClassFigures& of_class : evaluation.classes) {
    const Interval expected = WilsonInterval(of_class.num_top1, of_class.num_videos);
    EXPECT_EQ(of_class.top1_interval.low, expected.low);
    EXPECT_EQ(of_class.top1_interval.high, expected.high);
  }
}

// If the logits are multiplied by a factor, the temperature grows by that factor.
TEST_F(EvaluationTest, TemperatureUndoesScaling) {
  Scores scores = RandomScores(9);
  for (float& logit : scores.logits) {
    logit *= 4;
  }
  ScoresRequest request;
  request.averaging = ParseAveraging("logits");
  EvaluationOptions options;
  options.averaging = request.averaging;
  const double scaled = Evaluate(Read(scores, request), options).calibration.temperature;
  const double plain = Evaluate(Read(RandomScores(9), request), options).calibration.temperature;
  EXPECT_NEAR(scaled / plain, 4, 1e-3);
}

}  // namespace
}  // namespace reel3d
