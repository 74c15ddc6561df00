// Simulates faults of a cluster under real ranks, and checks that the right rank is named.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <thread>

#include "lib/base/error.h"
#include "pipeline/stages/check_cluster.h"
#include "tests/dist/world_environment.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using test::TheWorld;
using testing::HasSubstr;
using Plant = std::function<void(ClusterProbe*)>;

constexpr int kOdd = 2;  // the rank with the fault, of four ranks

// All ranks use the same folder.
class ClusterFaults : public testing::Test {
 protected:
  ClusterFaults() {
    EXPECT_EQ(TheWorld().size(), 4);
    options_.needs.folder = TheWorld().Broadcast(folder_.path().string());
    options_.needs.gradient_floats = 100'000;
  }
  ~ClusterFaults() override { TheWorld().Barrier(); }

  // Returns what the check `check` found. All other checks must find nothing.
  Finding Find(const std::string& check, const Plant& plant) {
    Finding found;
    for (const CheckedRow& row : CheckCluster(TheWorld(), options_, plant).rows) {
      if (row.name == check) {
        found = row.finding;
      } else {
        EXPECT_LT(row.finding.verdict, Verdict::kWarn) << row.name << ": " << row.finding.text;
      }
    }
    return found;
  }
  // Plants the fault in rank kOdd. Expects this verdict, and that the text names the rank.
  void Expect(const std::string& check, Verdict verdict, const Plant& plant) {
    const Finding found = Find(check, [&plant](ClusterProbe* probe) {
      if (probe->rank == kOdd) {
        plant(probe);
      }
    });
    EXPECT_EQ(found.verdict, verdict) << found.text;
    EXPECT_THAT(found.text, HasSubstr("rank 2 (")) << found.text;
    EXPECT_FALSE(found.remedy.empty());
  }

  test::TemporaryFolder folder_;
  CheckClusterOptions options_;
};

TEST_F(ClusterFaults, NoneIsFoundWhereNoneIs) {
  const Finding found = Find("ranks", {});
  EXPECT_EQ(found.verdict, Verdict::kOk) << found.text;
  EXPECT_THAT(found.text, HasSubstr("4 ranks on 1 host"));
}

TEST_F(ClusterFaults, OneFlippedBit) {
  Expect("same-step", Verdict::kFail, [](ClusterProbe* probe) {
    probe->step_checksum = [step = probe->step_checksum] { return step() ^ 1U; };
  });
}

TEST_F(ClusterFaults, AStepThatDiffersFromItself) {
  Expect("same-step", Verdict::kFail, [](ClusterProbe* probe) {
    probe->step_checksum = [step = probe->step_checksum, times = 0U]() mutable {
      return step() + times++;
    };
  });
}

TEST_F(ClusterFaults, AnotherProcessorMayHaveOtherBits) {
  const Finding found = Find("same-step", [](ClusterProbe* probe) {
    if (probe->rank == kOdd) {
      probe->processor = "another";
      probe->step_checksum = [] { return 7U; };
    }
  });
  EXPECT_EQ(found.verdict, Verdict::kOk) << found.text;
}

TEST_F(ClusterFaults, TwoRanksOnOneGpu) {
  const Finding found = Find("cores", [](ClusterProbe* probe) {
    probe->gpu_id = probe->rank == 3 ? "00000000aa" : fmt::format("{:08x}bb", probe->rank);
  });
  EXPECT_EQ(found.verdict, Verdict::kOk) << found.text;
  EXPECT_THAT(found.details.front(), HasSubstr(", GPUs 00000000 00000000 00000001 00000002"));
  const Finding shared = Find("cores", [](ClusterProbe* probe) {
    probe->gpu_id = probe->rank == 3 ? "00000001bb" : fmt::format("{:08x}bb", probe->rank);
  });
  EXPECT_EQ(shared.verdict, Verdict::kFail);
  EXPECT_THAT(shared.text,
              AllOf(HasSubstr("ranks 1 ("), HasSubstr("compute on one GPU (00000001bb)")));
}

TEST_F(ClusterFaults, AnotherLibrary) {
  Expect("versions", Verdict::kFail, [](ClusterProbe* probe) { probe->versions += "hdf5 0.1\n"; });
}

TEST_F(ClusterFaults, SlowLink) {
  const Finding found = Find("slow-pair", [](ClusterProbe* probe) {
    if (probe->rank == kOdd) {
      probe->host = "n9";  // --exclude needs another host name
    }
    probe->exchange_s = [exchange = probe->exchange_s, rank = probe->rank](int peer, int64_t size) {
      const bool is_slow = (rank == 1 && peer == kOdd) || (rank == kOdd && peer == 1);
      return exchange(peer, size) + (is_slow ? 2 : 0);
    };
  });
  EXPECT_EQ(found.verdict, Verdict::kWarn) << found.text;
  EXPECT_THAT(found.text, HasSubstr("rank 1 ("));
  EXPECT_THAT(found.text, HasSubstr("rank 2 (n9)"));
  EXPECT_THAT(found.remedy, HasSubstr("--exclude=n9"));
}

// If a core is busy for a while, a pair is slow only once. Measuring again shows this.
TEST_F(ClusterFaults, APairThatWasSlowForAWhileIsNotNamed) {
  const Finding found = Find("slow-pair", [](ClusterProbe* probe) {
    probe->exchange_s = [exchange = probe->exchange_s, rank = probe->rank, times = 0](
                            int peer, int64_t size) mutable {
      const bool is_slow = ((rank == 1 && peer == kOdd) || (rank == kOdd && peer == 1)) &&
                           ++times <= 8;  // in the first two measurements
      return exchange(peer, size) + (is_slow ? 2 : 0);
    };
  });
  EXPECT_EQ(found.verdict, Verdict::kOk) << found.text;
}

TEST_F(ClusterFaults, SlowDisk) {
  Expect("folder", Verdict::kWarn, [](ClusterProbe* probe) {
    probe->write_s = [write = probe->write_s](const std::filesystem::path& file, int64_t size) {
      return write(file, size) + 60;
    };
  });
}

TEST_F(ClusterFaults, NoLocks) {
  Expect("folder", Verdict::kWarn,
         [](ClusterProbe* probe) { probe->try_lock = [](int /*descriptor*/) { return ENOSYS; }; });
}

TEST_F(ClusterFaults, ReadOnlyFolder) {
  Expect("folder", Verdict::kFail, [](ClusterProbe* probe) {
    probe->write_s = [](const std::filesystem::path& file, int64_t /*size*/) -> double {
      throw WriteError(file.string(), EROFS);
    };
  });
}

TEST_F(ClusterFaults, AFileThatShowsLate) {
  Expect("visible", Verdict::kWarn, [](ClusterProbe* probe) {
    probe->is_there = [calls = 0](const std::filesystem::path& /*file*/) mutable {
      return ++calls > 75;  // called every 20 ms
    };
  });
}

TEST_F(ClusterFaults, AClockThatIsAMinuteOff) {
  Expect("clock", Verdict::kWarn, [](ClusterProbe* probe) {
    probe->clock_offset = [offset = probe->clock_offset] {
      ClockOffset clock = offset();
      clock.ahead_s += 60;
      return clock;
    };
  });
}

TEST_F(ClusterFaults, JobsThatDoNotComeBack) {
  const Finding found = Find("slurm", [](ClusterProbe* probe) {
    probe->ask_slurm = [] { return SlurmTexts{"JobRequeue              = 0\n", "", "", ""}; };
  });
  EXPECT_EQ(found.verdict, Verdict::kWarn) << found.text;
  EXPECT_THAT(found.text, HasSubstr("(JobRequeue=0)"));
}

TEST_F(ClusterFaults, SmallSharedMemory) {
  const Finding found = Find("limits", [](ClusterProbe* probe) {
    probe->shared_memory_bytes = [] { return int64_t{64'000'000}; };
  });
  EXPECT_EQ(found.verdict, Verdict::kWarn) << found.text;
  EXPECT_THAT(found.text, HasSubstr("/dev/shm has 64 MB free, 4 ranks need 128"));
}

TEST_F(ClusterFaults, FewerRanksThanAskedFor) {
  options_.needs.ranks = 8;
  const Finding found = Find("ranks", {});
  EXPECT_EQ(found.verdict, Verdict::kFail);
  EXPECT_THAT(found.text, HasSubstr("MPI has 4 ranks, but --ranks asks for 8"));
}

}  // namespace
}  // namespace reel3d
