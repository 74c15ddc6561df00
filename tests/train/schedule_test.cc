// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

ScheduleOptions Options(ScheduleKind kind) {
  ScheduleOptions options;
  options.kind = kind;
  options.milestones = {5, 10, 15};
  options.max_decays = 100;
  return options;
}

// The formula is that of tests/golden/make_schedule_golden.py.
double Loss(int epoch) { return 1 + 2 * std::exp(-epoch / 5.0) + 0.05 * std::sin(1.7 * epoch); }

TEST(Schedule, AgreesWithTorch) {
  const auto golden =
      nlohmann::json::parse(ReadFile(test::SourceFolder() / "tests/golden/schedule.json"));
  for (const ScheduleKind kind :
       {ScheduleKind::kPlateau, ScheduleKind::kMultistep, ScheduleKind::kCosine}) {
    const auto rates = golden.at(NameOf(kind)).get<std::vector<double>>();
    Schedule schedule(Options(kind), static_cast<int>(rates.size()));
    for (int epoch = 0; epoch < static_cast<int>(rates.size()); ++epoch) {
      const double expected = rates[static_cast<size_t>(epoch)];
      EXPECT_NEAR(schedule.Rate(epoch), expected, 1e-12 + 1e-9 * expected)
          << NameOf(kind) << ", epoch " << epoch;
      schedule.EndEpoch(Loss(epoch));
    }
  }
  EXPECT_LT(golden["plateau"].get<std::vector<double>>().back(), 1e-4) << "the case must decay";
}

TEST(Schedule, PlateauStopsAtItsLastDecay) {
  ScheduleOptions options = Options(ScheduleKind::kPlateau);
  options.max_decays = 3;
  options.patience = 0;
  Schedule schedule(options, 100);
  int decays = 0;
  for (int epoch = 0; epoch < 50; ++epoch) {
    decays += schedule.EndEpoch(1.0) ? 1 : 0;
  }
  EXPECT_EQ(decays, 3);
  EXPECT_NEAR(schedule.Rate(50), 1e-4, 1e-12);
}

TEST(Schedule, EpochsWithoutValidationDoNotCount) {
  ScheduleOptions options = Options(ScheduleKind::kPlateau);
  options.patience = 0;
  Schedule schedule(options, 100);
  schedule.EndEpoch(1.0);
  EXPECT_FALSE(schedule.EndEpoch(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_EQ(schedule.Rate(2), 0.1);
}

// The reference code loses one step here (reference.md 1.6): a resumed run must not.
TEST(Schedule, RestoredScheduleGoesOnAsIfNothingHappened) {
  for (int stop = 0; stop < 60; stop += 7) {
    Schedule whole(Options(ScheduleKind::kPlateau), 80);
    Schedule resumed(Options(ScheduleKind::kPlateau), 80);
    for (int epoch = 0; epoch < 80; ++epoch) {
      if (epoch == stop) {
        const auto state = nlohmann::ordered_json::parse(resumed.State().dump());
        resumed = Schedule(Options(ScheduleKind::kPlateau), 80);
        resumed.Restore(state);
      }
      ASSERT_EQ(whole.Rate(epoch), resumed.Rate(epoch)) << "stopped before " << stop;
      whole.EndEpoch(Loss(epoch));
      resumed.EndEpoch(Loss(epoch));
    }
  }
}

TEST(Schedule, WarmUpIsLinear) {
  ScheduleOptions options = Options(ScheduleKind::kConstant);
  options.warmup_epochs = 4;
  const Schedule schedule(options, 10);
  EXPECT_EQ(schedule.Rate(0), 0);
  EXPECT_NEAR(schedule.Rate(1.5), 0.1 * 1.5 / 4, 1e-15);
  EXPECT_EQ(schedule.Rate(4), 0.1);
}

TEST(Schedule, RefusesBrokenState) {
  Schedule schedule(Options(ScheduleKind::kPlateau), 10);
  EXPECT_THROW(schedule.Restore(nlohmann::ordered_json::parse(R"({"num_decays": "x"})")), Error);
  EXPECT_THROW(schedule.Restore(nlohmann::ordered_json::object()), Error);
  for (const char* count : {"-1", "1e300", "0.5", "4294967296"}) {
    SCOPED_TRACE(count);
    const std::string text = std::string(R"({"epochs_since_best": 0, "num_decays": )") + count;
    EXPECT_THROW(schedule.Restore(nlohmann::ordered_json::parse(text + "}")), Error);
  }
}

}  // namespace
}  // namespace reel3d
