// Tests a run's decisions after each step and epoch: stop, save, best so far. They need no ranks.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <atomic>
#include <csignal>
#include <future>
#include <set>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/stop_signal.h"
#include "lib/train/checkpoint/best_epoch.h"
#include "lib/train/checkpoint/checkpoint_saver.h"
#include "lib/train/loop/step_vote.h"
#include "lib/train/loop/stop_wish.h"

namespace reel3d {
namespace {

TEST(StepVote, EachFactSurvivesAloneAndTogether) {
  std::set<uint64_t> numbers;
  for (bool StepVote::*fact : {&StepVote::stop, &StepVote::damage, &StepVote::save,
                               &StepVote::saved, &StepVote::unsaved}) {
    StepVote vote;
    vote.*fact = true;
    numbers.insert(ToBits(vote));
    const StepVote back = VoteOf(ToBits(vote));
    EXPECT_EQ(ToBits(back), ToBits(vote));
    EXPECT_TRUE(back.*fact);
  }
  EXPECT_EQ(numbers.size(), 5U);
  EXPECT_EQ(ToBits({}), 0U);
}

TEST(StepVote, RanksTogetherHaveEveryFactThatOneOfThemHas) {
  StepVote one, other;
  one.stop = true;
  other.damage = true;
  const StepVote all = VoteOf(ToBits(one) | ToBits(other));
  EXPECT_TRUE(all.stop);
  EXPECT_TRUE(all.damage);
  EXPECT_FALSE(all.save || all.saved || all.unsaved);
}

TEST(StopWish, HoldsFromTheLimitsOn) {
  double now_s = 1000;
  const StopWish after_steps({5, {}}, [&] { return now_s; });
  EXPECT_FALSE(after_steps.Holds(4));
  EXPECT_TRUE(after_steps.Holds(5));
  EXPECT_TRUE(after_steps.Holds(6));
  const StopWish at_time({0, 1060}, [&] { return now_s; });
  EXPECT_FALSE(at_time.Holds(1'000'000));
  now_s = 1059.9;
  EXPECT_FALSE(at_time.Holds(0));
  now_s = 1060;
  EXPECT_TRUE(at_time.Holds(0));
}

TEST(StopWish, HoldsOnceASignalHasCome) {
  EXPECT_EXIT(
      {
        CatchStopSignals();
        const StopWish unlimited({});
        const bool before = unlimited.Holds(1'000'000);
        raise(SIGUSR1);
        std::exit(!before && unlimited.Holds(0) ? 7 : 1);
      },
      testing::ExitedWithCode(7), "");
}

class Saver : public testing::Test {
 protected:
  CheckpointSaver Make(SaveRules rules) {
    return CheckpointSaver(rules, [this] { return now_s_; });
  }
  static void Refuse() { throw EnvironmentError("disk full"); }

  double now_s_ = 50;
};

TEST_F(Saver, IsDueEverySoManySteps) {
  const CheckpointSaver saver = Make({4, 0});
  now_s_ += 1e9;
  EXPECT_FALSE(saver.IsDue(3));
  EXPECT_TRUE(saver.IsDue(4));
  EXPECT_FALSE(saver.IsDue(5));
  EXPECT_TRUE(saver.IsDue(8));
}

TEST_F(Saver, IsDueWhenItsTimeIsOverSinceTheLastSaveBegan) {
  CheckpointSaver saver = Make({0, 600});
  now_s_ += 600;
  EXPECT_FALSE(saver.IsDue(1));
  now_s_ += 1;
  EXPECT_TRUE(saver.IsDue(1));
  saver.Begin(1);
  EXPECT_FALSE(saver.IsDue(2));
  now_s_ += 601;
  saver.End(/*refused=*/false);
  EXPECT_TRUE(saver.IsDue(2)) << "the time runs from the begin of a save";
}

TEST_F(Saver, TriesAgainAMinuteAfterARefusal) {
  for (const double every_s : {0.0, 1800.0}) {
    CheckpointSaver saver = Make({0, every_s});
    saver.Begin(1);
    saver.End(/*refused=*/true);
    now_s_ += 60;
    EXPECT_FALSE(saver.IsDue(2));
    now_s_ += 1;
    EXPECT_TRUE(saver.IsDue(2));
    saver.Begin(2);
    saver.End(/*refused=*/false);
    now_s_ += 61;
    EXPECT_FALSE(saver.IsDue(3));
  }
}

TEST_F(Saver, TellsTheOutcomeOnceAndOnlyWhenThereIsOne) {
  CheckpointSaver saver = Make({});
  EXPECT_EQ(saver.Poll(), SaveOutcome::kNone);
  std::promise<void> disk;
  saver.Begin(7, [&] { disk.get_future().wait(); });
  EXPECT_TRUE(saver.is_saving());
  EXPECT_EQ(saver.step(), 7);
  EXPECT_EQ(saver.Poll(), SaveOutcome::kNone) << "the disk is still at work";
  EXPECT_TRUE(saver.IsStuck(std::chrono::milliseconds(1)));
  disk.set_value();
  EXPECT_EQ(saver.Await(), SaveOutcome::kSaved);
  EXPECT_FALSE(saver.IsStuck(std::chrono::milliseconds(0)));
  EXPECT_EQ(saver.Poll(), SaveOutcome::kNone);
  EXPECT_TRUE(saver.is_saving()) << "until all ranks know";
  saver.End(/*refused=*/false);
  EXPECT_FALSE(saver.is_saving());
}

TEST_F(Saver, AFullDiskIsAnOutcomeAndEndsTheRunOnlyIfNothingIsWrittenLater) {
  CheckpointSaver saver = Make({});
  saver.Begin(1, Refuse);
  EXPECT_EQ(saver.Await(), SaveOutcome::kRefused);
  saver.End(/*refused=*/true);
  saver.Begin(2, Refuse);
  EXPECT_THROW(saver.Await(/*is_last=*/true), Error);
}

TEST_F(Saver, OtherErrorsAreThrown) {
  CheckpointSaver saver = Make({});
  saver.Begin(1, [] { throw Error(ErrorKind::kFailed, "diverged"); });
  EXPECT_THROW(saver.Await(), Error);
}

TEST_F(Saver, RefusesToWriteTwoAtOnce) {
  CheckpointSaver saver = Make({});
  saver.Begin(1);
  EXPECT_THROW(saver.Begin(2), Error);
}

ClipMeans Validated(double top1, double loss) { return {loss, top1, 1, 10}; }

Position AtStep(int64_t step) {
  Position position;
  position.step = step;
  return position;
}

TEST(BestEpoch, HigherAccuracyWinsAndAmongEqualsTheLowerLoss) {
  BestEpoch best;
  Position position = AtStep(10);
  EXPECT_TRUE(best.Offer(Validated(0.5, 2), position));
  EXPECT_EQ(position.best_step, 10);
  position.step = 20;
  EXPECT_FALSE(best.Offer(Validated(0.4, 1), position));
  EXPECT_FALSE(best.Offer(Validated(0.5, 2), position));
  EXPECT_EQ(position.best_step, 10);
  EXPECT_TRUE(best.Offer(Validated(0.5, 1.9), position));
  EXPECT_EQ(position.best_step, 20);
  position.step = 30;
  EXPECT_TRUE(best.Offer(Validated(0.6, 9), position));
  EXPECT_EQ(position.best_top1, 0.6);
  EXPECT_EQ(position.best_loss, 9);
}

TEST(BestEpoch, TheNewestCountsUntilOneIsValidated) {
  BestEpoch best;
  Position position = AtStep(10);
  EXPECT_FALSE(best.Offer(ClipMeans{}, position));
  EXPECT_EQ(position.best_step, 10);
  position.step = 20;
  EXPECT_FALSE(best.Offer(ClipMeans{}, position));
  EXPECT_EQ(position.best_step, 20);
  position.step = 30;
  EXPECT_TRUE(best.Offer(Validated(0, 5), position));
  position.step = 40;
  EXPECT_FALSE(best.Offer(ClipMeans{}, position));
  EXPECT_EQ(position.best_step, 30);
}

TEST(BestEpoch, TheEarlierOneCountsAgainIfItCouldNotBeSaved) {
  BestEpoch best;
  Position position = AtStep(10);
  best.Offer(Validated(0.5, 2), position);
  best.Keep();
  EXPECT_FALSE(best.Drop(position)) << "it is on disk";
  position.step = 20;
  best.Offer(Validated(0.7, 1), position);
  EXPECT_TRUE(best.Drop(position));
  EXPECT_EQ(position.best_top1, 0.5);
  EXPECT_EQ(position.best_loss, 2);
  EXPECT_EQ(position.best_step, 10);
  EXPECT_EQ(position.step, 20) << "the run itself goes on";
  EXPECT_TRUE(best.Offer(Validated(0.6, 3), position)) << "better than the one on disk";
}

}  // namespace
}  // namespace reel3d
