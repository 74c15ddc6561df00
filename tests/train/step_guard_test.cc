// Tests the verdicts of the step guard without ranks.
// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/step_guard.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace reel3d {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

at::Tensor Figures(double loss, double gradient_norm, double statistics_norm) {
  return torch::tensor({loss, gradient_norm, statistics_norm}, at::kDouble);
}

BadStepOptions Do(BadStepAction action, double norm = 0) {
  BadStepOptions options;
  options.action = action;
  options.norm = norm;
  return options;
}

// Judges the step at `position` and advances `position` by one step.
StepVerdict JudgeNext(StepGuard& guard, const at::Tensor& figures, Position& position) {
  guard.BeginStep();
  const StepVerdict verdict = guard.Judge(figures, position);
  ++position.step;
  return verdict;
}

TEST(StepGuard, AnyFigureThatIsNotFiniteMakesAStepBad) {
  for (const double bad : {kNan, kInfinite, -kInfinite}) {
    for (int i = 0; i < 3; ++i) {
      at::Tensor figures = Figures(1, 2, 3);
      figures[i] = bad;
      StepGuard guard(Do(BadStepAction::kSkip), {});
      Position position;
      EXPECT_EQ(JudgeNext(guard, Figures(1, 2, 3), position), StepVerdict::kTake);
      EXPECT_EQ(JudgeNext(guard, figures, position), StepVerdict::kLeaveOut) << i << ", " << bad;
      EXPECT_EQ(guard.last().step, 1);
    }
  }
}

TEST(StepGuard, AGradientAboveTheLimitIsBadAndOneAtTheLimitIsNot) {
  StepGuard guard(Do(BadStepAction::kSkip, 2), {});
  Position position;
  EXPECT_EQ(JudgeNext(guard, Figures(9, 2, 9), position), StepVerdict::kTake);
  EXPECT_EQ(JudgeNext(guard, Figures(9, 2.001, 9), position), StepVerdict::kLeaveOut);
  StepGuard unlimited(Do(BadStepAction::kSkip, 0), {});
  EXPECT_EQ(JudgeNext(unlimited, Figures(9, 1e300, 9), position), StepVerdict::kTake);
}

TEST(StepGuard, TheActionDecidesWhatBecomesOfABadStep) {
  const at::Tensor bad = Figures(kNan, 1, 1);
  Position position;
  StepGuard skip(Do(BadStepAction::kSkip), {}), back(Do(BadStepAction::kRollBack), {}),
      stop(Do(BadStepAction::kStop), {});
  EXPECT_EQ(JudgeNext(skip, bad, position), StepVerdict::kLeaveOut);
  EXPECT_EQ(JudgeNext(back, bad, position), StepVerdict::kRollBack);
  EXPECT_EQ(position.num_bad, 2);
  EXPECT_EQ(JudgeNext(stop, bad, position), StepVerdict::kEnd);
  EXPECT_EQ(position.num_bad, 2) << "a run that ends counts nothing";
}

TEST(StepGuard, OnlyStepsThatEndTheRunAreFoundLater) {
  Position position;
  StepGuard skip(Do(BadStepAction::kSkip), {}), stop(Do(BadStepAction::kStop), {});
  EXPECT_FALSE(stop.FindBadStep());
  JudgeNext(skip, Figures(kNan, 1, 1), position);
  EXPECT_FALSE(skip.FindBadStep()) << "it was dealt with";
  JudgeNext(stop, Figures(1, kNan, 1), position);
  JudgeNext(stop, Figures(kNan, 5, 1), position);
  ASSERT_TRUE(stop.FindBadStep());
  EXPECT_EQ(stop.last().step, 1) << "the first one";
  EXPECT_EQ(stop.last().loss, 1);
  EXPECT_TRUE(std::isnan(stop.last().gradient_norm));
}

TEST(StepGuard, TenBadStepsInARowEndTheRunAndAGoodOneBetweenThemDoesNot) {
  const at::Tensor bad = Figures(kNan, 1, 1);
  StepGuard guard(Do(BadStepAction::kSkip), {});
  Position position;
  for (int i = 0; i < 9; ++i) {
    ASSERT_EQ(JudgeNext(guard, bad, position), StepVerdict::kLeaveOut);
  }
  EXPECT_EQ(JudgeNext(guard, Figures(1, 1, 1), position), StepVerdict::kTake);
  EXPECT_EQ(position.bad_in_row, 0);
  for (int i = 0; i < 9; ++i) {
    ASSERT_EQ(JudgeNext(guard, bad, position), StepVerdict::kLeaveOut);
  }
  EXPECT_EQ(JudgeNext(guard, bad, position), StepVerdict::kEnd);
  EXPECT_EQ(position.num_bad, 19);
}

TEST(StepGuard, UndoesWhatForwardPassesChanged) {
  at::Tensor buffer = torch::ones({3});
  StepGuard guard(Do(BadStepAction::kSkip), {buffer});
  guard.BeginStep();
  buffer.fill_(kNan);
  guard.UndoForward();
  EXPECT_TRUE(buffer.equal(torch::ones({3})));
  buffer.fill_(2);
  guard.BeginStep();
  buffer.fill_(3);
  guard.UndoForward();
  EXPECT_TRUE(buffer.equal(torch::full({3}, 2.0))) << "the values of the last step";
}

TEST(StepGuard, DescribesAStepAsPeopleCount) {
  EXPECT_EQ(Describe({11, kNan, 2.5, 1}, 4, {"anna_wave", "ben_run"}),
            "step 12 in epoch 3: loss nan, gradient norm 2.5, clips of anna_wave, ben_run");
  EXPECT_THAT(Describe({0, 1, 1, kInfinite}, 4, {}), testing::HasSubstr("no numbers"));
}

TEST(Position, RollsBackToTheLastCheckpointThatEveryRunComesBy) {
  Position position;
  position.step = 23;
  position.epoch = 4;
  position.step_in_epoch = 3;
  EXPECT_EQ(position.RollBackStep(/*checkpoint_epochs=*/1, /*steps_in_epoch=*/5), 20);
  EXPECT_EQ(position.RollBackStep(3, 5), 15);
  EXPECT_EQ(position.RollBackStep(5, 5), 0);
}

}  // namespace
}  // namespace reel3d
