// SPDX-License-Identifier: Apache-2.0
#include "lib/data/clip_sampler.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// The first frame and the number of distinct frames of each clip. WindowsOf also checks the clips.
using Windows = std::vector<std::pair<int, int>>;
Windows WindowsOf(const std::vector<Clip>& clips, int num_frames, const ClipShape& shape = {}) {
  Windows windows;
  for (const Clip& clip : clips) {
    EXPECT_EQ(static_cast<int>(clip.frames.size()), shape.length);
    EXPECT_EQ(std::set<int>(clip.frames.begin(), clip.frames.end()).size(),
              static_cast<size_t>(clip.num_distinct));
    for (int t = 0; t < shape.length; ++t) {
      EXPECT_EQ(clip.frames[t], clip.frames[0] + t % clip.num_distinct * shape.stride);
      EXPECT_LT(clip.frames[t], num_frames);
    }
    windows.emplace_back(clip.frames[0], clip.num_distinct);
  }
  return windows;
}

// The worked table of reference.md 1.2 (frames there are numbered from 1).
struct TableRow {
  int num_frames;
  Windows even;       // 2020 validation, 3 clips
  int sliding_count;  // 2020 scoring
  int tail_distinct;
  int lua_count;   // 2017 scoring; 0: the 2017 code gives no window, ours gives one
  int cvpr_count;  // 2018 scoring
};
const TableRow kTable[] = {
    {10, {{0, 10}}, 1, 10, 0, 1},
    {16, {{0, 16}, {1, 15}}, 1, 16, 0, 1},
    {17, {{0, 16}, {1, 16}, {2, 15}}, 2, 1, 1, 1},
    {32, {{0, 16}, {8, 16}, {16, 16}}, 2, 16, 1, 2},
    {100, {{0, 16}, {42, 16}, {84, 16}}, 7, 4, 6, 7},
    {250, {{0, 16}, {117, 16}, {234, 16}}, 16, 10, 15, 16},
    {256, {{0, 16}, {120, 16}, {240, 16}}, 16, 16, 15, 16},
    {300, {{0, 16}, {142, 16}, {284, 16}}, 19, 12, 18, 19},
};

TEST(ClipSamplerTest, WorkedTable) {
  for (const TableRow& row : kTable) {
    const int n = row.num_frames;
    SCOPED_TRACE(n);
    EXPECT_EQ(WindowsOf(EvenClips(n, {}, 3, true), n), row.even);

    const Windows loop = WindowsOf(SlidingClips(n, {}, 16, TailRule::kLoop), n);
    ASSERT_EQ(static_cast<int>(loop.size()), row.sliding_count);
    for (size_t i = 0; i < loop.size(); ++i) {
      EXPECT_EQ(loop[i].first, static_cast<int>(i) * 16);
      EXPECT_EQ(loop[i].second, i + 1 < loop.size() ? 16 : row.tail_distinct);
    }
    const Windows cvpr = WindowsOf(SlidingClips(n, {}, 16, TailRule::kLoop2018), n);
    EXPECT_EQ(cvpr, Windows(loop.begin(), loop.begin() + row.cvpr_count));

    const Windows lua = WindowsOf(SlidingClips(n, {}, 16, TailRule::kDrop2017), n);
    EXPECT_EQ(lua, Windows(loop.begin(), loop.begin() + std::max(1, row.lua_count)));
  }
}

TEST(ClipSamplerTest, ShortClipsLoopFromTheirStart) {
  const Clip clip = SlidingClips(20, {}, 16, TailRule::kLoop).at(1);
  EXPECT_EQ(clip.frames,
            (std::vector<int>{16, 17, 18, 19, 16, 17, 18, 19, 16, 17, 18, 19, 16, 17, 18, 19}));
  EXPECT_EQ(clip.num_distinct, 4);
}

TEST(ClipSamplerTest, OneFrameIsAClipAndNoneIsAnError) {
  Rng rng(1);
  const std::vector<int> still(16, 0);
  EXPECT_EQ(RandomClip(1, {}, true, rng).frames, still);
  EXPECT_EQ(RandomClip(1, {}, false, rng).frames, still);
  for (const bool capped : {true, false}) {
    for (const int count : {1, 3}) {
      ASSERT_EQ(EvenClips(1, {}, count, capped).size(), 1U);
      EXPECT_EQ(EvenClips(1, {}, count, capped)[0].frames, still);
      EXPECT_THROW(EvenClips(0, {}, count, capped), Error);
    }
  }
  for (const TailRule rule : {TailRule::kLoop, TailRule::kLoop2018, TailRule::kDrop2017}) {
    ASSERT_EQ(SlidingClips(1, {}, 16, rule).size(), 1U);
    EXPECT_EQ(SlidingClips(1, {}, 16, rule)[0].frames, still);
    try {
      SlidingClips(0, {}, 16, rule);
      ADD_FAILURE() << "a clip of nothing";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
    }
  }
}

TEST(ClipSamplerTest, NonsenseIsAUsageError) {
  EXPECT_THROW(EvenClips(20, {}, 0, true), Error);
  EXPECT_THROW(SlidingClips(20, {}, 0, TailRule::kLoop), Error);
  EXPECT_THROW(SlidingClips(20, {0, 1}, 16, TailRule::kLoop), Error);
  EXPECT_THROW(SlidingClips(20, {16, 0}, 16, TailRule::kLoop), Error);
}

TEST(ClipSamplerTest, OneEvenClipIsTheFirstWindow) {
  EXPECT_EQ(WindowsOf(EvenClips(300, {}, 1, true), 300), (Windows{{0, 16}}));
}

// The windows are those of range(1, n, step) in the 2018 code, counted from 0.
TEST(ClipSamplerTest, UncappedEvenClips) {
  EXPECT_EQ(WindowsOf(EvenClips(250, {}, 3, false), 250), (Windows{{0, 16}, {117, 16}, {234, 16}}));
  EXPECT_EQ(WindowsOf(EvenClips(4, {}, 3, false), 4), (Windows{{0, 4}, {1, 3}, {2, 2}}));
  EXPECT_EQ(EvenClips(16, {}, 3, false).size(), 15U);
  EXPECT_EQ(EvenClips(17, {}, 3, false).size(), 16U);
  // step = ceil(11 / 2) = 6: starts 0 6 12 18 24. The last two windows are short.
  EXPECT_EQ(WindowsOf(EvenClips(28, {}, 3, false), 28),
            (Windows{{0, 16}, {6, 16}, {12, 16}, {18, 10}, {24, 4}}));
  EXPECT_EQ(WindowsOf(EvenClips(40, {}, 1, false), 40), (Windows{{0, 16}, {16, 16}, {32, 8}}));
}

TEST(ClipSamplerTest, OverlappingWindowsStopAtTheFirstShortOne) {
  EXPECT_EQ(WindowsOf(SlidingClips(33, {}, 8, TailRule::kLoop), 33),
            (Windows{{0, 16}, {8, 16}, {16, 16}, {24, 9}}));
}

TEST(ClipSamplerTest, StrideHoldsEverywhere) {
  const ClipShape shape = {16, 3};
  // Stride 3 leaves 34 frames (0, 3 .. 99), in windows of 16, 16 and 2 frames.
  EXPECT_EQ(WindowsOf(SlidingClips(100, shape, 16, TailRule::kLoop), 100, shape),
            (Windows{{0, 16}, {48, 16}, {96, 2}}));
  // step = ceil((34 - 17) / 2) = 9 strided frames.
  EXPECT_EQ(WindowsOf(EvenClips(100, shape, 3, true), 100, shape),
            (Windows{{0, 16}, {27, 16}, {54, 16}}));
  Rng rng(3);
  for (int i = 0; i < 200; ++i) {
    WindowsOf({RandomClip(100, shape, true, rng)}, 100, shape);
  }
}

std::map<int, int> StartCounts(int num_frames, const ClipShape& shape, bool inclusive) {
  std::map<int, int> counts;
  Rng rng(7);
  for (int i = 0; i < 20000; ++i) {
    ++counts[RandomClip(num_frames, shape, inclusive, rng).frames[0]];
  }
  return counts;
}

TEST(ClipSamplerTest, RandomStarts) {
  // n = 20: starts are 0 .. 4 if the last start is included (`inclusive`), else 0 .. 3.
  const std::map<int, int> all = StartCounts(20, {}, true);
  EXPECT_EQ(all.size(), 5U);
  EXPECT_EQ(all.rbegin()->first, 4);
  for (const auto& [start, count] : all) {
    EXPECT_NEAR(count, 4000, 250) << start;  // 4.4 standard deviations
  }
  const std::map<int, int> all_but_last = StartCounts(20, {}, false);
  EXPECT_EQ(all_but_last.size(), 4U);
  EXPECT_EQ(all_but_last.rbegin()->first, 3);
  // n = 17: the 2020 code always takes the first start.
  EXPECT_EQ(StartCounts(17, {}, false).size(), 1U);
  EXPECT_EQ(StartCounts(17, {}, true).size(), 2U);
  // Stride 2: 20 frames give 10 strided frames. Clips of 6 have 5 starts: frames 0, 2, 4, 6 and 8.
  EXPECT_EQ(StartCounts(20, {6, 2}, true).rbegin()->first, 8);
  // A video shorter than a clip is looped from its start.
  EXPECT_EQ(StartCounts(9, {}, true).size(), 1U);
}

}  // namespace
}  // namespace reel3d
