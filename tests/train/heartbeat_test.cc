// SPDX-License-Identifier: Apache-2.0
#include "lib/train/watch/heartbeat.h"

#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

Beat Of(const std::string& phase, bool waiting, double for_s, int64_t count = 7) {
  Beat beat;
  beat.count = count;
  beat.host = "node";
  beat.step = 12;
  beat.phase = phase;
  beat.waiting = waiting;
  beat.since_s = 1e9 - for_s;
  beat.for_s = for_s;
  return beat;
}

// Returns the beats of the same ranks a few seconds later.
std::vector<Beat> Later(std::vector<Beat> beats) {
  for (Beat& beat : beats) {
    ++beat.count;
  }
  return beats;
}

TEST(Heartbeat, IsReadByOthers) {
  const test::TemporaryFolder folder;
  Beat beat = Of("waiting for data", false, 61.6);
  beat.work = "loading anna_wave" + std::string(5000, '\xE9');  // not UTF-8, and long
  WriteBeat(folder.path(), 1, beat);
  const size_t size_bytes = ReadFile(folder / "rank-1").size();
  beat.work = "loading anna_wave";
  WriteBeat(folder.path(), 1, beat);
  EXPECT_EQ(ReadFile(folder / "rank-1").size(), size_bytes) << "in place";
  WriteFileAtomically(folder / "rank-2", "{\"count\": ");
  const std::vector<Beat> beats = ReadBeats(folder.path(), 3, 10);
  ASSERT_EQ(beats.size(), 3U);
  EXPECT_EQ(beats[0].count, -1);
  EXPECT_EQ(beats[1].count, 7);
  EXPECT_EQ(Describe(beats[1]), "waiting for data for 62 s at step 12, loading anna_wave");
  EXPECT_EQ(beats[2].count, -1);
}

TEST(Heartbeat, TellsWhoHoldsTheOthersUp) {
  const Beat waits = Of("waiting for other ranks", true, 99);
  const Beat reads = Of("waiting for data", false, 60);
  const Beat saves = Of("saving a checkpoint", false, 3);
  const double timeout_s = 50;
  const auto reason = [&](const std::vector<Beat>& before, const std::vector<Beat>& after) {
    return FindBlame(before, after, timeout_s).reason;
  };
  const Blame of_reader = FindBlame({waits, saves, reads}, Later({waits, saves, reads}), timeout_s);
  EXPECT_EQ(of_reader.reason,
            "rank 2 on node holds the others up: waiting for data for 60 s at step 12");
  EXPECT_EQ(of_reader.rank, 2);
  EXPECT_EQ(reason({waits, waits}, Later({waits, waits})),
            "every rank waits for the others: the network between them, or MPI");
  EXPECT_EQ(reason({waits, saves}, Later({waits, saves})), "") << "it is busy, and moves on";
  // Rank 0 may wait for other ranks inside its forward pass, so it is not blamed, however long this
  // takes.
  Beat computes = Of("forward", false, 61);
  computes.may_wait = true;
  EXPECT_EQ(FindBlame({computes, reads}, Later({computes, reads}), timeout_s).rank, 1);
  // The start of the phase decides, not `for_s`: the beat of rank 1 was written a second earlier.
  Beat read_longer = Of("waiting for data", false, 60.5);
  read_longer.for_s = 59.5;
  EXPECT_EQ(FindBlame({reads, read_longer}, Later({reads, read_longer}), timeout_s).rank, 1);
  // A stopped rank, in any phase, is blamed before all that seem busy. So is a rank whose file
  // vanished together with its machine.
  std::vector<Beat> later = Later({computes, waits, reads});
  later[1].count = 7;
  EXPECT_EQ(reason({computes, waits, reads}, later),
            "rank 1 on node gives no sign of life (stopped, or its machine is gone, or it cannot "
            "reach the run's folder); last: waiting for other ranks for 99 s at step 12");
  EXPECT_FALSE(FindBlame({computes, waits, reads}, later, timeout_s).rank.has_value());
  later[1].count = -1;
  EXPECT_NE(reason({waits, waits, reads}, later).find("rank 1 on node gives no sign"),
            std::string::npos);
}

}  // namespace
}  // namespace reel3d
