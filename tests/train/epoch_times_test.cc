// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/epoch_times.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace reel3d {
namespace {

RankTimes Rank(const std::string& host, double data_s, double computing_s, double others_s) {
  RankTimes times;
  times.host = host;
  In(times.phases, Phase::kData) = data_s;
  In(times.phases, Phase::kBackward) = computing_s;
  In(times.phases, Phase::kOtherRanks) = others_s;
  times.read_s = 1;
  times.decode_s = 20;
  return times;
}

TEST(EpochTimes, SurviveTheirJourney) {
  const RankTimes times = Rank("a", 1, 2.5, 3);
  const RankTimes back = RankTimesFrom(ToJson(times));
  EXPECT_EQ(back.host, "a");
  EXPECT_EQ(back.phases, times.phases);
  EXPECT_EQ(back.read_s, 1);
  EXPECT_EQ(back.decode_s, 20);
}

TEST(EpochTimes, OfOlderVersionsHaveNoBytes) {
  RankTimes times = Rank("a", 1, 2, 3);
  times.read_bytes = 5e9;
  times.copied_bytes = 2e9;
  nlohmann::ordered_json json = ToJson(times);
  EXPECT_EQ(RankTimesFrom(json).read_bytes, 5e9);
  EXPECT_EQ(RankTimesFrom(json).copied_bytes, 2e9);
  json.erase("read_bytes");
  json.erase("copied_bytes");
  EXPECT_EQ(RankTimesFrom(json).read_bytes, 0);
}

RankTimes Reading(const std::string& host, double waiting_s, double gigabytes, double copied = 0) {
  RankTimes times = Rank(host, waiting_s, 100 - waiting_s, 0);
  times.read_bytes = gigabytes * 1e9;
  times.copied_bytes = copied * 1e9;
  return times;
}

// 10 GB in 100 s, of which the rank waited 60 s: in the other 40 s it could have used them all.
TEST(EpochTimes, SayWhatStorageGaveAndMustGive) {
  EXPECT_EQ(DescribeReading({Reading("a", 60, 10)}),
            "a node read 100 MB/s, and would read 250 MB/s without waiting for data");
  EXPECT_EQ(DescribeReading({Reading("a", 0, 100, 75), Reading("a", 50, 100, 25)}),
            "a node read 2 GB/s (50 % from its copies), and would read 4 GB/s without waiting for "
            "data");
  EXPECT_EQ(DescribeReading({Reading("a", 0, 100), Reading("b", 90, 20), Reading("a", 0, 50)}),
            "a node read 200 MB/s, and would read 2 GB/s without waiting for data")
      << "the node that needs most";
  EXPECT_EQ(DescribeReading({Rank("a", 1, 2, 3)}), "");
}

TEST(EpochTimes, AreSharesOfTheMeanRank) {
  EXPECT_EQ(DescribeTimes({Rank("a", 0, 100, 0.1)}), "backward 100 %");
  EXPECT_EQ(DescribeTimes({Rank("a", 10, 60, 30), Rank("b", 10, 80, 10)}),
            "waiting for data 10 %, backward 70 %, waiting for other ranks 20 %; slowest: rank 1 "
            "on b");
}

TEST(EpochTimes, EndInAVerdict) {
  // Four threads load in 100 seconds what is computed in 38 seconds. 4 * 100 / 38 threads, rounded
  // up, would be fast enough.
  EXPECT_EQ(Judge({Rank("a", 62, 38, 0)}, 4, 16, false).Text(),
            "waiting for data 62 % of the time: decode; 11 loader threads a rank would hide it");
  EXPECT_EQ(
      Judge({Rank("a", 62, 38, 0)}, 4, 8, false).Text(),
      "waiting for data 62 % of the time: decode; 11 loader threads a rank would hide it, but "
      "a rank has 8 of the cores");
  RankTimes reads = Rank("a", 10, 90, 0);
  reads.read_s = 50;
  EXPECT_EQ(Judge({reads}, 1, 2, false).Text(),
            "waiting for data 10 % of the time: read; 2 loader threads a rank would hide it; if "
            "SHARDS_DIR is shared, --stage-to copies it to the node");
  EXPECT_EQ(Judge({reads}, 1, 2, true).Text(),
            "waiting for data 10 % of the time: read; 2 loader threads a rank would hide it")
      << "it copies already, though nothing has come from a copy yet";
  EXPECT_EQ(Judge({Rank("a", 1, 69, 30), Rank("b", 1, 97, 2)}, 1, 2, false).Text(),
            "others wait up to 30 % of the time for the slowest")
      << "DescribeTimes() names it already";
  EXPECT_EQ(Judge({Rank("a", 1, 69, 30), Rank("b", 1, 70, 29)}, 1, 2, false).Text(),
            "averaging gradients over the ranks takes 29 % of the time");
  EXPECT_EQ(Judge({Rank("a", 1, 98, 1)}, 1, 2, false).Text(), "computing, and waiting for nothing");
}

TEST(EpochTimes, AVerdictIsToldWhenItIsNewAndHolds) {
  VerdictNews news;
  EXPECT_TRUE(news.IsNews(Limit::kComputing, false)) << "the first";
  EXPECT_FALSE(news.IsNews(Limit::kComputing, false));
  for (int epoch = 0; epoch < 4; ++epoch) {
    EXPECT_FALSE(news.IsNews(Limit::kData, false)) << "a few epochs may be an accident";
  }
  EXPECT_FALSE(news.IsNews(Limit::kComputing, false));
  for (int epoch = 0; epoch < 4; ++epoch) {
    EXPECT_FALSE(news.IsNews(Limit::kData, false));
  }
  EXPECT_TRUE(news.IsNews(Limit::kData, false)) << "five in a row are a change";
  EXPECT_FALSE(news.IsNews(Limit::kData, false));
  EXPECT_TRUE(news.IsNews(Limit::kData, true)) << "the last";
}

}  // namespace
}  // namespace reel3d
