// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/order_probe.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d::test {
namespace {

// Scores of four orders; each class has the counts of a row of the golden file.
class Runs {
 public:
  explicit Runs(const nlohmann::json& classes) {
    for (SubsetScores& run : runs_) {
      for (size_t label = 0; label < classes.size(); ++label) {
        run.classes.push_back("class " + std::to_string(label));
      }
    }
    for (size_t label = 0; label < classes.size(); ++label) {
      AddClass(static_cast<int>(label), classes[label][0], classes[label][1], classes[label][2]);
    }
  }

  OrderProbe Judge(const OrderProbeOptions& options = {}) const {
    return JudgeOrderProbe(
        {AnswersOf(runs_[0]), AnswersOf(runs_[1]), AnswersOf(runs_[2]), AnswersOf(runs_[3])},
        runs_[0].classes.size(), options);
  }

  // Removes the first videos of an order, as where a part is missing.
  void RemoveFirst(size_t run, size_t num_videos) {
    std::vector<VideoScores>& videos = runs_[run].videos;
    videos.erase(videos.begin(), videos.begin() + static_cast<ptrdiff_t>(num_videos));
  }

 private:
  // The first `num_right` videos are right as they are. The first of these, and of the others,
  // change.
  void AddClass(int label, int num_videos, int num_right, const nlohmann::json& changes) {
    for (int video = 0; video < num_videos; ++video) {
      const bool is_right = video < num_right;
      AddVideo(0, label, is_right);
      for (size_t order = 0; order < 3; ++order) {
        const bool changes_here = is_right ? video < changes[order][0].get<int>()
                                           : video - num_right < changes[order][1].get<int>();
        AddVideo(order + 1, label, is_right != changes_here);
      }
    }
  }
  void AddVideo(size_t run, int label, bool is_right) {
    std::vector<double> scores(runs_[run].classes.size(), 0.01);
    const auto place = static_cast<size_t>(label);
    scores[is_right ? place : (place + 1) % scores.size()] = 0.9;
    const std::string id = std::to_string(100'000 + runs_[run].videos.size());
    runs_[run].videos.push_back({id, label, scores, 1});
  }

  SubsetScores runs_[4];
};

nlohmann::json Golden() {
  return nlohmann::json::parse(ReadFile(SourceFolder() / "tests/golden/probe_golden.json"));
}

void ExpectJudged(const FrameNeeds& found, const nlohmann::json& expected) {
  const double adjusted[] = {found.shuffled.adjusted_p_value, found.reversed.adjusted_p_value,
                             found.one_frame.adjusted_p_value, found.adjusted_lost_p_value};
  const bool needs[] = {found.NeedsOrder(), found.NeedsDirection(), found.NeedsMotion(),
                        found.OnePictureSuffices()};
  for (size_t test = 0; test < 4; ++test) {
    const double value = expected["adjusted"][test];
    EXPECT_NEAR(adjusted[test], value, 1e-9 * value) << test;
    EXPECT_EQ(needs[test], expected["needs"][test].get<bool>()) << test;
  }
}

TEST(OrderProbe, EqualsExactFractions) {
  const nlohmann::json golden = Golden();
  const OrderProbe probe = Runs(golden["classes"]).Judge();
  ExpectJudged(probe.all, golden["all"]);
  ASSERT_EQ(probe.classes.size(), golden["classes"].size());
  for (size_t label = 0; label < probe.classes.size(); ++label) {
    SCOPED_TRACE(label);
    ExpectJudged(probe.classes[label], golden["judged"][label]);
    EXPECT_EQ(probe.classes[label].num_videos, golden["classes"][label][0].get<int>());
  }
  EXPECT_TRUE(probe.classes[0].OnePictureSuffices());
  EXPECT_TRUE(probe.classes[3].IsUndecided());
  EXPECT_TRUE(probe.classes[4].IsUndecided());  // more right answers are no fall
}

// All 30 videos of a class are right: the more may be lost, the sooner one picture suffices.
TEST(OrderProbe, TheShareThatMayBeLostDecidesWhenOnePictureSuffices) {
  const Runs runs(
      nlohmann::json::parse("[[30, 30, [[0, 0], [0, 0], [0, 0]]], "
                            "[0, 0, [[0, 0], [0, 0], [0, 0]]]]"));
  OrderProbeOptions options;
  options.most_lost = 0.2;  // p = 0.8^30 = 0.0012, times 4
  EXPECT_TRUE(runs.Judge(options).classes[0].OnePictureSuffices());
  options.most_lost = 0.1;  // p = 0.9^30 = 0.042, times 4
  EXPECT_FALSE(runs.Judge(options).classes[0].OnePictureSuffices());
  options.most_lost = 1;
  EXPECT_TRUE(runs.Judge(options).classes[0].OnePictureSuffices());
  EXPECT_TRUE(runs.Judge(options).classes[1].IsUndecided());  // without videos
}

// The first 10 videos are of one person, the others of another.
std::vector<std::string> TwoPersons(const std::vector<std::string>& ids) {
  std::vector<std::string> groups;
  for (size_t video = 0; video < ids.size(); ++video) {
    groups.push_back(video < 10 ? "one" : "other");
  }
  return groups;
}

// One frame loses 8 of 100 right videos. All are of a person of 10 videos.
TEST(OrderProbe, GroupsThatTakeANeedAwayDoNotMakeOnePictureSuffice) {
  const Runs runs(
      nlohmann::json::parse("[[100, 100, [[0, 0], [0, 0], [8, 0]]], "
                            "[0, 0, [[0, 0], [0, 0], [0, 0]]]]"));
  OrderProbeOptions options;
  EXPECT_TRUE(runs.Judge(options).all.NeedsMotion());
  EXPECT_FALSE(runs.Judge(options).all.OnePictureSuffices());
  options.groups_of = TwoPersons;
  const OrderProbe probe = runs.Judge(options);
  EXPECT_FALSE(probe.all.NeedsMotion());
  EXPECT_TRUE(probe.all.one_frame.FallsByTest());
  EXPECT_FALSE(probe.all.OnePictureSuffices());
  EXPECT_TRUE(probe.all.IsUndecided());
}

// As many others become right, so top-1 does not fall.
TEST(OrderProbe, OnePictureSufficesOnlyIfItDoesOverGroups) {
  const Runs runs(
      nlohmann::json::parse("[[120, 100, [[0, 0], [0, 0], [8, 8]]], "
                            "[0, 0, [[0, 0], [0, 0], [0, 0]]]]"));
  OrderProbeOptions options;
  EXPECT_TRUE(runs.Judge(options).all.OnePictureSuffices());
  options.groups_of = TwoPersons;
  EXPECT_FALSE(runs.Judge(options).all.OnePictureSuffices());
}

// 20 videos that are right as they are have no scores of reversed frames.
TEST(OrderProbe, AllOrdersAreJudgedOnTheSameVideos) {
  Runs runs(
      nlohmann::json::parse("[[60, 40, [[20, 0], [0, 0], [0, 0]]], "
                            "[0, 0, [[0, 0], [0, 0], [0, 0]]]]"));
  runs.RemoveFirst(2, 20);
  const OrderProbe probe = runs.Judge();
  EXPECT_EQ(probe.num_left_out, 20);
  for (const FrameNeeds& needs : {probe.all, probe.classes[0]}) {
    EXPECT_EQ(needs.num_videos, 40);
    for (const FrameEffect& effect : {needs.shuffled, needs.reversed, needs.one_frame}) {
      EXPECT_EQ(effect.flips.ShareA(), 0.5);
      EXPECT_EQ(effect.flips.ShareB(), 0.5);
    }
  }
}

// 20 of 40 videos fall, but all of them come from one of two sources.
TEST(OrderProbe, AFallInOneGroupOnlyIsNoNeedOfAll) {
  const Runs runs(
      nlohmann::json::parse("[[40, 40, [[20, 0], [0, 0], [0, 0]]], "
                            "[0, 0, [[0, 0], [0, 0], [0, 0]]]]"));
  OrderProbeOptions options;
  EXPECT_TRUE(runs.Judge(options).all.NeedsOrder());
  options.groups_of = [](const std::vector<std::string>& ids) {
    std::vector<std::string> groups;
    for (size_t video = 0; video < ids.size(); ++video) {
      groups.push_back(video < 20 ? "one" : "other");
    }
    return groups;
  };
  const OrderProbe probe = runs.Judge(options);
  EXPECT_TRUE(probe.has_groups);
  EXPECT_FALSE(probe.all.NeedsOrder());
}

}  // namespace
}  // namespace reel3d::test
