// Compares a run's figures only with the figures of earlier runs.
// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

std::vector<FigureRecord> Earlier(const std::vector<double>& rates) {
  std::vector<FigureRecord> history;
  for (const double rate : rates) {
    history.push_back({4, 2, {{"rate", rate}}});
  }
  return history;
}

std::string Compare(const std::vector<double>& earlier, double now) {
  return CompareWithHistory(Earlier(earlier), {4, 2, {{"rate", now}}}, "rate");
}

TEST(History, NamesARateFarBelowAllEarlierOnes) {
  EXPECT_EQ(Compare({10, 9, 11, 10, 10}, 4.4),
            "rate is 4.4; in 5 earlier runs the median was 10 and the lowest 9");
  EXPECT_EQ(Compare({10, 9, 11, 10, 10}, 4.6), "");
  EXPECT_EQ(Compare({10, 2, 11, 10, 10}, 4.4), "");  // earlier figures vary that much
  EXPECT_EQ(Compare({10, 10, 10, 10}, 1), "");       // too few earlier figures
}

TEST(History, ForgetsWhatIsLongAgo) {
  std::vector<double> rates = {1};
  rates.resize(30, 10);
  EXPECT_EQ(Compare(rates, 3), "");
  rates.push_back(10);
  EXPECT_NE(Compare(rates, 3), "");
}

TEST(History, ComparesJobsOfTheSameShape) {
  const std::vector<FigureRecord> history = Earlier({10, 10, 10, 10, 10});
  EXPECT_EQ(CompareWithHistory(history, {8, 2, {{"rate", 1}}}, "rate"), "");
  EXPECT_EQ(CompareWithHistory(history, {4, 4, {{"rate", 1}}}, "rate"), "");
  EXPECT_EQ(CompareWithHistory(history, {4, 2, {{"other", 1}}}, "other"), "");
}

TEST(History, ReadsWhatItWroteAndPassesOverATornLine) {
  const test::TemporaryFolder folder;
  const auto file = folder / "history.jsonl";
  EXPECT_TRUE(ReadHistory(file).empty());
  AppendToHistory(file, {4, 2, {{"rate", 1.5}}});
  WriteFileAtomically(file, ReadFile(file) + "{\"ranks\": 4, \"ho");
  EXPECT_EQ(ReadHistory(file).size(), 1U);
  AppendToHistory(file, {3, 1, {{"rate", 2.5}}});
  const std::vector<FigureRecord> history = ReadHistory(file);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[1].ranks, 3);
  EXPECT_EQ(history[1].figures.at("rate"), 2.5);
}

TEST(History, NamesTheLineThatIsNoRecord) {
  const test::TemporaryFolder folder;
  const auto file = folder / "history.jsonl";
  WriteFileAtomically(file, "{\"ranks\": 4, \"hosts\": 1, \"figures\": {}}\n{\"ranks\": 4}\n");
  try {
    ReadHistory(file);
    ADD_FAILURE() << "read it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), testing::HasSubstr("history.jsonl:2"));
  }
}

}  // namespace
}  // namespace reel3d
