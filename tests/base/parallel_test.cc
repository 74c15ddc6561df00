// SPDX-License-Identifier: Apache-2.0
#include "lib/base/parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

namespace reel3d {
namespace {

TEST(ParallelFor, CallsEachOnce) {
  for (const int threads : {0, 1, 3, 8}) {
    std::vector<std::atomic<int>> calls(100);
    ParallelFor(calls.size(), threads, [&](size_t index) { ++calls[index]; });
    for (const std::atomic<int>& count : calls) {
      EXPECT_EQ(count, 1);
    }
  }
  ParallelFor(0, 4, [](size_t) { FAIL(); });
}

TEST(ParallelBlocks, CoversEachNumberOnce) {
  for (const int threads : {1, 3}) {
    std::vector<std::atomic<int>> calls(103);
    ParallelBlocks(calls.size(), 10, threads, [&](size_t begin, size_t end) {
      EXPECT_EQ(begin % 10, 0U);
      EXPECT_EQ(end, std::min<size_t>(begin + 10, 103));
      for (size_t index = begin; index < end; ++index) {
        ++calls[index];
      }
    });
    EXPECT_THAT(calls, testing::Each(testing::Truly([](const auto& count) { return count == 1; })));
  }
  ParallelBlocks(0, 10, 4, [](size_t, size_t) { FAIL(); });
}

TEST(ParallelFor, AnErrorEndsItAndIsThrown) {
  for (const int threads : {1, 4}) {
    std::atomic<int> num_calls{0};
    EXPECT_THROW(ParallelFor(1'000'000, threads,
                             [&](size_t index) {
                               ++num_calls;
                               if (index == 5) {
                                 throw std::runtime_error("five");
                               }
                             }),
                 std::runtime_error);
    EXPECT_LT(num_calls, 1'000'000);
  }
}

}  // namespace
}  // namespace reel3d
