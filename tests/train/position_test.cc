// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/position.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr int64_t kStepsInEpoch = 5;

Position Example() {
  Position position;
  position.step = 12;
  position.epoch = 2;
  position.step_in_epoch = 2;
  position.best_top1 = 0.5;
  position.best_loss = 1.25;
  position.best_step = 10;
  position.num_bad = 3;
  position.bad_in_row = 1;
  position.last_epoch = {{"step", 10}};
  return position;
}

// Returns the message of the input error; "" if there is none.
std::string Fault(const Json& state) {
  try {
    Position().Restore(state, kStepsInEpoch, "state.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(Position, ARestoredOneIsTheSame) {
  Position position;
  position.Restore(Example().State(), kStepsInEpoch, "state.json");
  EXPECT_EQ(position.State(), Example().State());
  Json older = Example().State();
  older.erase("num_bad");
  older.erase("bad_in_row");
  position.Restore(older, kStepsInEpoch, "state.json");
  EXPECT_EQ(position.num_bad, 0);
  EXPECT_EQ(position.step, 12);
}

// A number that a damaged file states must not be taken for another one that fits into 32 bits.
TEST(Position, RefusesWhatNoRunWrites) {
  struct Case {
    const char* name;
    Json value;
    const char* why;
  };
  for (const Case& wrong : {
           Case{"step", -1, "state.json: step is not a whole number from 0 to"},
           Case{"step", 1e300, "step is not"},
           Case{"step", UINT64_MAX, "step is not"},
           Case{"step", "12", "step is not"},
           Case{"step", 1, "best_step is not a whole number from -1 to 1"},
           Case{"epoch", int64_t{1} << 32, "epoch is not a whole number from 0 to 1000000"},
           Case{"epoch", 13, "step 12, 2 of epoch 13, makes no sense"},
           Case{"step_in_epoch", 6, "step_in_epoch is not a whole number from 0 to 5"},
           Case{"best_step", 13, "best_step is not a whole number from -1 to 12"},
           Case{"num_bad", -1, "num_bad is not a whole number from 0 to 12"},
           Case{"best_loss", "low", "state.json"},
           Case{"last_epoch", 3, "makes no sense"},
       }) {
    SCOPED_TRACE(wrong.name);
    Json state = Example().State();
    state[wrong.name] = wrong.value;
    EXPECT_THAT(Fault(state), HasSubstr(wrong.why));
  }
  Json lacking = Example().State();
  lacking.erase("epoch");
  EXPECT_THAT(Fault(lacking), HasSubstr("state.json: it has no epoch"));
}

}  // namespace
}  // namespace reel3d
