// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/averaging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lib/base/error.h"

namespace reel3d {
namespace {

using ::testing::DoubleNear;
using ::testing::Pointwise;

const float kFirst[] = {0.0F, std::log(3.0F)};   // softmax 1/4, 3/4
const float kSecond[] = {std::log(9.0F), 0.0F};  // softmax 9/10, 1/10

TEST(AverageClips, CombinesEachWay) {
  const double third = std::log(3.0);
  const std::vector<std::pair<std::string, std::vector<double>>> cases = {
      {"softmax", {(0.25 + 0.9) / 2, (0.75 + 0.1) / 2}},
      {"logits", {third, third / 2}},
      {"log-softmax", {(std::log(0.25) + std::log(0.9)) / 2, (std::log(0.75) + std::log(0.1)) / 2}},
      {"max", {0.9, 0.75}},
  };
  for (const auto& [name, expected] : cases) {
    EXPECT_THAT(AverageClips({kFirst, kSecond}, 2, ParseAveraging(name)),
                Pointwise(DoubleNear(1e-6), expected))
        << name;
  }
}

TEST(AverageClips, HugeLogitsDoNotOverflow) {
  const float clip[] = {30000.0F, 29999.0F, -30000.0F};
  EXPECT_THAT(AverageClips({clip}, 3, Averaging::kSoftmax),
              Pointwise(DoubleNear(1e-6), {0.731059, 0.268941, 0.0}));
}

TEST(ParseAveraging, RefusesOtherNames) {
  try {
    ParseAveraging("mean");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("log-softmax"));
  }
}

}  // namespace
}  // namespace reel3d
