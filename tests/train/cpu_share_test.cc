// SPDX-License-Identifier: Apache-2.0
#include "lib/train/cpu_share.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace reel3d {
namespace {

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

std::vector<int> Cores(int first, int count) {
  std::vector<int> cores(static_cast<size_t>(count));
  std::iota(cores.begin(), cores.end(), first);
  return cores;
}

TEST(ShareOfCores, DividesCoresAmongRanksThatMayUseTheVerySame) {
  const RankCores a = {"a", Cores(0, 8)};
  EXPECT_EQ(ShareOfCores({a}, 0, kNoQuota), 8);
  EXPECT_EQ(ShareOfCores({a, a, a}, 2, kNoQuota), 2);
  EXPECT_EQ(ShareOfCores({a, {"b", Cores(0, 8)}}, 0, kNoQuota), 8) << "of another host";
  EXPECT_EQ(ShareOfCores({a, {"a", Cores(8, 4)}}, 0, kNoQuota), 8) << "bound to other cores";
  EXPECT_EQ(ShareOfCores({a, {"a", Cores(8, 4)}}, 1, kNoQuota), 4);
}

// A container of 4 cores' time on a machine of 64 cores, where mpirun binds each rank to some.
TEST(ShareOfCores, DividesAQuotaAmongAllRanksOfTheHost) {
  const std::vector<RankCores> bound = {
      {"a", Cores(0, 16)}, {"a", Cores(16, 16)}, {"b", Cores(0, 16)}};
  EXPECT_EQ(ShareOfCores(bound, 0, 4), 2);
  EXPECT_EQ(ShareOfCores(bound, 1, 4), 2);
  EXPECT_EQ(ShareOfCores(bound, 2, 4), 4) << "alone on its host";
  EXPECT_EQ(ShareOfCores(bound, 0, 3.2), 2) << "rounded up before it is divided";
  EXPECT_EQ(ShareOfCores(bound, 0, 3), 1);
  EXPECT_EQ(ShareOfCores(bound, 0, 1000), 16) << "no more than its cores";
}

TEST(ShareOfCores, TakesTheStricterLimit) {
  const std::vector<RankCores> ranks(4, {"a", Cores(0, 8)});
  EXPECT_EQ(ShareOfCores(ranks, 0, 6), 1);
  EXPECT_EQ(ShareOfCores(ranks, 0, 16), 2);
}

TEST(ShareOfCores, IsAtLeastOne) {
  const std::vector<RankCores> crowd(9, {"a", Cores(0, 2)});
  EXPECT_EQ(ShareOfCores(crowd, 8, kNoQuota), 1);
  EXPECT_EQ(ShareOfCores(crowd, 8, 0.5), 1);
}

}  // namespace
}  // namespace reel3d
