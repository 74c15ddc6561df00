// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/rng.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/late_fusion.h"
#include "lib/eval/paired_test.h"
#include "lib/eval/paired_videos.h"

namespace reel3d {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kClasses = {"jump", "run", "walk"};

// Makes a run over videos whose classes are 0 1 2 0 1 2 ...; `answers[i]` is the answer for video
// i.
SubsetScores RunOf(const std::vector<int>& answers) {
  SubsetScores run;
  run.subset = "validation";
  run.classes = kClasses;
  for (size_t video = 0; video < answers.size(); ++video) {
    std::vector<double> scores(3, 0.2);
    scores[static_cast<size_t>(answers[video])] = 0.6;
    run.videos.push_back(
        {"video_" + std::to_string(1000 + video), static_cast<int>(video % 3), scores, 1});
  }
  return run;
}

std::vector<int> RightAnswers(size_t size) {
  std::vector<int> answers;
  for (size_t video = 0; video < size; ++video) {
    answers.push_back(static_cast<int>(video % 3));
  }
  return answers;
}

// Returns a run that is wrong for `count` videos from `first` on, and right for all others.
SubsetScores WrongFrom(size_t size, size_t first, size_t count) {
  std::vector<int> answers = RightAnswers(size);
  for (size_t video = first; video < first + count; ++video) {
    answers[video] = (answers[video] + 1) % 3;
  }
  return RunOf(answers);
}

TEST(Compare, ARunWithItselfIsZero) {
  const SubsetScores run = WrongFrom(60, 10, 7);
  const Comparison comparison = Compare(run, run, {});
  EXPECT_EQ(comparison.top1.flips.Difference(), 0);
  EXPECT_EQ(comparison.top1.flips.to_right + comparison.top1.flips.to_wrong, 0);
  EXPECT_EQ(comparison.top1.flips.both_wrong, 7);
  EXPECT_EQ(comparison.top1.p_value, 1);
  EXPECT_NEAR(comparison.top1.interval_95.high, 3.8415 / 63.8415, 1e-5);  // PairedInterval
  EXPECT_NEAR(comparison.top1.interval_95.low, -comparison.top1.interval_95.high, 1e-12);
  EXPECT_EQ(comparison.fusion.flips.Difference(), 0);
  EXPECT_TRUE(comparison.flipped.empty());
}

TEST(Compare, CountsFlipsBothWays) {
  // A is wrong for videos 0 .. 9; B is wrong for 6 .. 9, 20 and 21.
  SubsetScores b = WrongFrom(60, 6, 4);
  b.videos[20].scores = b.videos[21].scores;
  b.videos[21].scores = {0.9, 0.1, 0.0};
  b.videos[20].scores = {0.9, 0.1, 0.0};
  b.videos[21].label = 1;
  SubsetScores a = WrongFrom(60, 0, 10);
  a.videos[21].label = 1;
  a.videos[21].scores = {0, 1, 0};
  const Comparison comparison = Compare(a, b, {});
  const Flips& flips = comparison.top1.flips;
  EXPECT_EQ(flips.to_right, 6);
  EXPECT_EQ(flips.to_wrong, 2);
  EXPECT_EQ(flips.both_wrong, 4);
  EXPECT_EQ(flips.total(), 60);
  EXPECT_DOUBLE_EQ(flips.ShareA(), 50.0 / 60);
  EXPECT_DOUBLE_EQ(flips.ShareB(), 54.0 / 60);
  EXPECT_DOUBLE_EQ(flips.Difference(), 4.0 / 60);
  EXPECT_DOUBLE_EQ(comparison.top1.p_value, McNemarPValue(2, 6));
  EXPECT_LT(comparison.top1.interval_95.low, comparison.top1.interval_90.low);
  ASSERT_EQ(comparison.flipped.size(), 8U);
  EXPECT_EQ(comparison.flipped[0].id, "video_1000");
  EXPECT_EQ(comparison.flipped[0].answer_a, 1);
  EXPECT_EQ(comparison.flipped[0].answer_b, 0);
}

TEST(Compare, SwappedRunsSwapTheSigns) {
  const SubsetScores a = WrongFrom(90, 0, 20);
  const SubsetScores b = WrongFrom(90, 15, 9);
  const Comparison one = Compare(a, b, {});
  const Comparison other = Compare(b, a, {});
  EXPECT_EQ(one.top1.flips.Difference(), -other.top1.flips.Difference());
  EXPECT_EQ(one.top1.p_value, other.top1.p_value);
  EXPECT_NEAR(one.top1.interval_95.low, -other.top1.interval_95.high, 1e-12);
  EXPECT_EQ(one.verdict, Verdict::kBetter);
  EXPECT_EQ(other.verdict, Verdict::kWorse);
}

TEST(Compare, Verdicts) {
  const auto verdict = [](const SubsetScores& a, const SubsetScores& b, double margin) {
    ComparisonOptions options;
    options.margin = margin;
    return Compare(a, b, options);
  };
  // 12 of 3000 videos get worse: a significant difference, but below one percentage point.
  const SubsetScores good = WrongFrom(3000, 0, 0);
  const SubsetScores slightly_worse = WrongFrom(3000, 100, 12);
  EXPECT_EQ(verdict(good, slightly_worse, 0.01).verdict, Verdict::kEquivalent);
  EXPECT_TRUE(verdict(good, slightly_worse, 0.01).is_significant);
  EXPECT_EQ(verdict(good, slightly_worse, 0.004).verdict, Verdict::kWorse);
  EXPECT_EQ(verdict(good, slightly_worse, 0).verdict, Verdict::kWorse);
  // Each run is wrong for one of 60 videos, and not for the same one.
  EXPECT_EQ(verdict(WrongFrom(60, 0, 1), WrongFrom(60, 5, 1), 0.005).verdict, Verdict::kUndecided);
  EXPECT_STREQ(NameOf(Verdict::kUndecided), "undecided");
}

// With no change in n videos, other videos may still change: 90 % intervals reach 2.7 / (n + 2.7).
TEST(Compare, FewEqualVideosAreNotEquivalence) {
  const auto verdict = [](size_t size, double margin) {
    ComparisonOptions options;
    options.margin = margin;
    const SubsetScores run = WrongFrom(size, 0, 2);
    return Compare(run, run, options).verdict;
  };
  EXPECT_EQ(verdict(12, 0.0005), Verdict::kUndecided);
  EXPECT_EQ(verdict(12, 0.18), Verdict::kUndecided);
  EXPECT_EQ(verdict(12, 0.19), Verdict::kEquivalent);
  EXPECT_EQ(verdict(200, 0.013), Verdict::kUndecided);
  EXPECT_EQ(verdict(200, 0.014), Verdict::kEquivalent);
}

// Each of 20 people has one video that gets better and one that gets worse, so that all draws of
// people give 0. The videos do not.
TEST(Compare, GroupsDoNotMakeAnIntervalNarrower) {
  const SubsetScores a = WrongFrom(120, 0, 20);
  const SubsetScores b = WrongFrom(120, 20, 20);
  ComparisonOptions options;
  options.groups_of = [](const std::vector<std::string>& ids) {
    std::vector<std::string> groups;
    for (size_t video = 0; video < ids.size(); ++video) {
      groups.push_back(std::to_string(video % 20));
    }
    return groups;
  };
  const Interval grouped = Compare(a, b, options).top1.interval_95;
  const Interval of_videos = PairedInterval(20, 20, 120, 0.95);
  EXPECT_EQ(grouped.low, of_videos.low);
  EXPECT_EQ(grouped.high, of_videos.high);
}

// Eight of sixty videos change. This is significant for independent videos, but not if all eight
// show the same person: then there is one change.
TEST(Compare, GroupsDecideTheVerdict) {
  const SubsetScores a = WrongFrom(60, 0, 8);
  const SubsetScores b = WrongFrom(60, 0, 0);
  ComparisonOptions options;
  EXPECT_EQ(Compare(a, b, options).verdict, Verdict::kBetter);
  options.groups_of = [](const std::vector<std::string>& ids) {
    std::vector<std::string> groups;
    for (const std::string& id : ids) {
      groups.push_back(id < "video_1008" ? "first" : id < "video_1030" ? "second" : "third");
    }
    return groups;
  };
  const Comparison grouped = Compare(a, b, options);
  EXPECT_EQ(grouped.num_groups, 3);
  EXPECT_EQ(grouped.verdict, Verdict::kUndecided);
}

TEST(Compare, ClassesAreCorrectedForTheirNumber) {
  // Only videos of class 0 change: 7 of 20.
  std::vector<int> answers = RightAnswers(60);
  for (size_t video = 0; video < 21; video += 3) {
    answers[video] = 2;
  }
  const Comparison comparison = Compare(RunOf(RightAnswers(60)), RunOf(answers), {});
  EXPECT_EQ(comparison.classes[0].flips.to_wrong, 7);
  EXPECT_EQ(comparison.classes[0].flips.total(), 20);
  EXPECT_DOUBLE_EQ(comparison.classes[0].p_value, 2 / 128.0);
  EXPECT_DOUBLE_EQ(comparison.classes[0].adjusted_p_value, 6 / 128.0);
  EXPECT_EQ(comparison.classes[1].adjusted_p_value, 1);
}

TEST(Compare, OnlyCommonVideosCount) {
  SubsetScores a = WrongFrom(60, 0, 3);
  SubsetScores b = WrongFrom(60, 0, 0);
  a.videos.erase(a.videos.begin() + 40, a.videos.end());
  b.videos.erase(b.videos.begin(), b.videos.begin() + 2);
  const Comparison comparison = Compare(a, b, {});
  EXPECT_EQ(comparison.num_common, 38);
  EXPECT_EQ(comparison.num_only_a, 2);
  EXPECT_EQ(comparison.num_only_b, 20);
  EXPECT_EQ(comparison.top1.flips.to_right, 1);
}

TEST(Compare, ALabelOfOneRunIsEnough) {
  SubsetScores a = WrongFrom(6, 0, 1);
  SubsetScores b = WrongFrom(6, 0, 0);
  a.videos[0].label = -1;
  b.videos[1].label = -1;
  a.videos[2].label = b.videos[2].label = -1;
  EXPECT_EQ(Compare(a, b, {}).num_common, 5);
  EXPECT_EQ(Compare(a, b, {}).top1.flips.to_right, 1);
}

TEST(Compare, SaysHowRunsDoNotFit) {
  const auto expect = [](const SubsetScores& b, const char* why) {
    ComparisonOptions options;
    options.name_a = "old";
    options.name_b = "new";
    try {
      Compare(WrongFrom(6, 0, 0), b, options);
      ADD_FAILURE() << why;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  };
  SubsetScores b = WrongFrom(6, 0, 0);
  std::swap(b.classes[0], b.classes[2]);
  expect(b,
         "old and new have the same classes in another order: class 0 is jump in one, walk in "
         "the other");
  b = WrongFrom(6, 0, 0);
  b.classes[1] = "swim";
  expect(b, "run is only in old");
  b.classes = {"jump", "run", "walk", "swim"};
  expect(b, "old has 3 classes and new has 4: swim is only in new");
  b = WrongFrom(6, 0, 0);
  b.videos[4].label = 0;
  expect(b, "video video_1004 is run in old and jump in new");
  b = WrongFrom(6, 0, 0);
  for (VideoScores& video : b.videos) {
    video.id += "_other";
  }
  expect(b,
         "old (6 videos of validation) and new (6 videos of validation) have no video in common");
}

// Run A is sure and right on even videos, run B on odd videos. Otherwise a run is unsure and wrong.
std::vector<PairedVideo> Complementary(size_t size) {
  std::vector<PairedVideo> videos;
  for (size_t video = 0; video < size; ++video) {
    const std::vector<double> sure = {0.9, 0.1};
    const std::vector<double> unsure = {0.4, 0.6};
    const bool a_is_sure = video % 2 == 0;
    videos.push_back({"v" + std::to_string(video), 0, a_is_sure ? 0 : 1, a_is_sure ? 1 : 0,
                      a_is_sure ? 0 : 1, a_is_sure ? 1 : 0, a_is_sure ? sure : unsure,
                      a_is_sure ? unsure : sure});
  }
  return videos;
}

TEST(FuseLate, TwoRunsThatHelpEachOther) {
  std::vector<int> halves;
  for (int video = 0; video < 40; ++video) {
    halves.push_back(video / 20);
  }
  const FusedAnswers fused = FuseLate(Complementary(40), halves, 1);
  EXPECT_EQ(fused.weight_of_b[0], 0.5);
  EXPECT_EQ(fused.weight_of_b[1], 0.5);
  EXPECT_THAT(fused.is_right, Each(true));
}

TEST(FuseLate, TheWeightIsJudgedOnTheOtherHalf) {
  // B is right in half 0, and A is wrong with certainty. In half 1, A is right and B is wrong.
  std::vector<PairedVideo> videos;
  for (int video = 0; video < 4; ++video) {
    const bool b_is_right = video < 2;
    const std::vector<double> right = {0.52, 0.48};
    const std::vector<double> wrong = {0.0, 1.0};
    videos.push_back({"v", 0, b_is_right ? 1 : 0, b_is_right ? 0 : 1, b_is_right ? 1 : 0,
                      b_is_right ? 0 : 1, b_is_right ? wrong : right, b_is_right ? right : wrong});
  }
  const FusedAnswers fused = FuseLate(videos, {0, 0, 1, 1}, 2);
  EXPECT_EQ(fused.weight_of_b[0], 1);
  EXPECT_EQ(fused.weight_of_b[1], 0);
  EXPECT_THAT(fused.is_right, Each(false));
}

// Computes what FuseLate() does by looking for the best class of every mean.
TEST(FuseLate, TheFirstBestClassIsTheAnswer) {
  Rng rng(7);
  const auto draw = [&] {
    std::vector<double> probabilities;
    for (int label = 0; label < 4; ++label) {
      probabilities.push_back(static_cast<double>(rng.Below(5)) / 4);  // often equal
    }
    return probabilities;
  };
  std::vector<PairedVideo> videos;
  for (int video = 0; video < 400; ++video) {
    const std::vector<double> a = draw();
    const std::vector<double> b = draw();
    videos.push_back({"v", video % 4, BestClass(a.data(), 4), BestClass(b.data(), 4), 0, 0, a, b});
  }
  std::vector<int> halves(200, 0);
  halves.resize(400, 1);
  const FusedAnswers fused = FuseLate(videos, halves, 3);
  for (size_t video = 0; video < videos.size(); ++video) {
    const double weight = fused.weight_of_b[1 - halves[video]];
    std::vector<double> means;
    for (size_t label = 0; label < 4; ++label) {
      means.push_back((1 - weight) * videos[video].probabilities_a[label] +
                      weight * videos[video].probabilities_b[label]);
    }
    EXPECT_EQ(fused.is_right[video], BestClass(means.data(), 4) == videos[video].label) << video;
  }
}

TEST(HalvesOf, AreHalves) {
  std::vector<std::string> names;
  for (int name = 0; name < 1000; ++name) {
    names.push_back("video_" + std::to_string(name));
  }
  int sum = 0;
  for (const int half : HalvesOf(names)) {
    sum += half;
  }
  EXPECT_NEAR(sum, 500, 60);
  EXPECT_THAT(HalvesOf({"a", "b", "a"}),
              AllOf(testing::SizeIs(3), testing::Contains(HalvesOf({"a"})[0])));
}

}  // namespace
}  // namespace reel3d
