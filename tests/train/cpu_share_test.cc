// SPDX-License-Identifier: Apache-2.0
#include "lib/train/cpu_share.h"

#include <gtest/gtest.h>

#include <limits>

namespace reel3d {
namespace {

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

TEST(ShareOfCores, DividesCoresAmongRanksThatMayUseTheVerySame) {
  const RankPlace a = {"a", "0-7", ""};
  const RankPlace bound = {"a", "8-11", ""};
  EXPECT_EQ(ShareOfCores({a}, 0, 8, kNoQuota), 8);
  EXPECT_EQ(ShareOfCores({a, a, a}, 2, 8, kNoQuota), 2);
  EXPECT_EQ(ShareOfCores({a, {"b", "0-7", ""}}, 0, 8, kNoQuota), 8) << "of another host";
  EXPECT_EQ(ShareOfCores({a, bound}, 0, 8, kNoQuota), 8) << "bound to other cores";
  EXPECT_EQ(ShareOfCores({a, bound}, 1, 4, kNoQuota), 4);
}

// A container may use the time of 4 cores on a machine of 64 cores. mpirun binds each rank to 16
// cores.
TEST(ShareOfCores, DividesAQuotaAmongAllRanksOfItsGroup) {
  const std::vector<RankPlace> bound = {
      {"a", "0-15", "7"}, {"a", "16-31", "7"}, {"b", "0-15", "7"}};
  EXPECT_EQ(ShareOfCores(bound, 0, 16, 4), 2);
  EXPECT_EQ(ShareOfCores(bound, 1, 16, 4), 2);
  EXPECT_EQ(ShareOfCores(bound, 2, 16, 4), 4) << "alone on its host";
  EXPECT_EQ(ShareOfCores(bound, 0, 16, 3.2), 2) << "rounded up before it is divided";
  EXPECT_EQ(ShareOfCores(bound, 0, 16, 3), 1);
  EXPECT_EQ(ShareOfCores(bound, 0, 16, 1000), 16) << "no more than its cores";
}

// Two containers have the host name of their machine, but each has its own group and quota.
TEST(ShareOfCores, DividesNoQuotaThatIsARanksOwn) {
  const std::vector<RankPlace> apart = {{"a", "0-63", "7"}, {"a", "0-63", "8"}, {"a", "0-63", "8"}};
  EXPECT_EQ(ShareOfCores(apart, 0, 64, 4), 4);
  EXPECT_EQ(ShareOfCores(apart, 1, 64, 4), 2);
}

TEST(ShareOfCores, TakesTheStricterLimit) {
  const std::vector<RankPlace> ranks(4, {"a", "0-7", "7"});
  EXPECT_EQ(ShareOfCores(ranks, 0, 8, 6), 1);
  EXPECT_EQ(ShareOfCores(ranks, 0, 8, 16), 2);
}

TEST(ShareOfCores, IsAtLeastOne) {
  const std::vector<RankPlace> crowd(9, {"a", "0-1", ""});
  EXPECT_EQ(ShareOfCores(crowd, 8, 2, kNoQuota), 1);
  EXPECT_EQ(ShareOfCores(crowd, 8, 2, 0.5), 1);
}

}  // namespace
}  // namespace reel3d
