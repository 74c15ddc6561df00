// SPDX-License-Identifier: Apache-2.0
#include "lib/base/host.h"

#include <gmock/gmock.h>
#include <sched.h>

#include <cmath>
#include <thread>

#include "lib/base/cgroup.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Imitates the files in /proc and /sys of a machine.
class Machine {
 public:
  Machine(const std::string& groups, const std::string& mounts) {
    Write("proc/self/cgroup", groups);
    Write("proc/self/mountinfo",
          "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n" + mounts);
  }
  void Write(const std::string& path, const std::string& text) const {
    fs::create_directories((folder_ / path).parent_path());
    WriteFileAtomically(folder_ / path, text);
  }
  const fs::path& root() const { return folder_.path(); }
  CgroupLimits limits() const { return ReadCgroupLimits(root()); }

 private:
  test::TemporaryFolder folder_;
};

constexpr const char* kVersion2 =
    "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kVersion1 =
    "31 22 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 22 0:28 / /sys/fs/cgroup/memory rw shared:6 - cgroup cgroup rw,memory\n";

TEST(Cgroup, LimitsNothingWhereThereIsNone) {
  const test::TemporaryFolder nothing;
  EXPECT_TRUE(std::isinf(ReadCgroupLimits(nothing.path()).cores));
  EXPECT_EQ(ReadCgroupLimits(nothing.path()).memory_bytes, INT64_MAX);
  const Machine machine("0::/user.slice\n", kVersion2);
  machine.Write("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
  machine.Write("sys/fs/cgroup/user.slice/memory.max", "max\n");
  EXPECT_TRUE(std::isinf(machine.limits().cores));
  EXPECT_EQ(machine.limits().memory_bytes, INT64_MAX);
}

// The groups of a systemd service or a batch job are nested. The strictest limit may be in any of
// them.
TEST(Cgroup, OfVersion2AreReadUpToTheTop) {
  const Machine machine("0::/system.slice/job 7/step\n", kVersion2);
  machine.Write("sys/fs/cgroup/system.slice/cpu.max", "350000 100000\n");
  machine.Write("sys/fs/cgroup/system.slice/job 7/cpu.max", "75000 50000\n");
  machine.Write("sys/fs/cgroup/system.slice/job 7/step/cpu.max", "max 100000\n");
  machine.Write("sys/fs/cgroup/system.slice/memory.max", "2147483648\n");
  machine.Write("sys/fs/cgroup/system.slice/job 7/step/memory.max", "4294967296\n");
  EXPECT_EQ(machine.limits().cores, 1.5);
  EXPECT_EQ(machine.limits().memory_bytes, 2147483648);
}

// These are the files that a process sees in `docker run --cpus 2 --memory 1g`.
TEST(Cgroup, OfVersion2AreReadInAContainer) {
  const Machine machine("0::/\n", kVersion2);
  machine.Write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  machine.Write("sys/fs/cgroup/memory.max", "1073741824\n");
  EXPECT_EQ(machine.limits().cores, 2);
  EXPECT_EQ(machine.limits().memory_bytes, 1073741824);
}

TEST(Cgroup, OfVersion1AreReadUpToTheTop) {
  const Machine machine("9:memory:/slurm/uid_7/job_8\n3:cpu,cpuacct:/slurm/uid_7\n0::/\n",
                        kVersion1);
  machine.Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  machine.Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  machine.Write("sys/fs/cgroup/cpu,cpuacct/slurm/uid_7/cpu.cfs_quota_us", "300000\n");
  machine.Write("sys/fs/cgroup/cpu,cpuacct/slurm/uid_7/cpu.cfs_period_us", "100000\n");
  machine.Write("sys/fs/cgroup/memory/slurm/uid_7/memory.limit_in_bytes", "536870912\n");
  machine.Write("sys/fs/cgroup/memory/slurm/uid_7/job_8/memory.limit_in_bytes",
                "9223372036854771712\n");
  EXPECT_EQ(machine.limits().cores, 3);
  EXPECT_EQ(machine.limits().memory_bytes, 536870912);
}

// A container without its own cgroup namespace reads the host's name of its group, but only this
// group is mounted.
TEST(Cgroup, OfVersion1AreReadInAContainer) {
  const Machine machine("4:cpu:/docker/ab12\n",
                        "40 22 0:27 /docker/ab12 /sys/fs/cgroup/cp\\040u ro - cgroup cg ro,cpu\n");
  machine.Write("sys/fs/cgroup/cp u/cpu.cfs_quota_us", "50000\n");
  machine.Write("sys/fs/cgroup/cp u/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(machine.limits().cores, 0.5);
}

// The group's name leads out of the mounted tree if the top of its namespace is not mounted.
TEST(Cgroup, MayHaveANameThatIsNotSeen) {
  const Machine machine("0::/../../other\n", kVersion2);
  machine.Write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  machine.Write("other/cpu.max", "1000 100000\n");
  EXPECT_EQ(machine.limits().cores, 4);
}

// Two tasks of a job without limits of their own share the job's group. Tasks with their own limits
// do not.
TEST(Cgroup, SaysWhichGroupLimitsTheCores) {
  const Machine machine("0::/job/task_0\n", kVersion2);
  EXPECT_EQ(machine.limits().cores_group, 0U);
  machine.Write("sys/fs/cgroup/job/cpu.max", "400000 100000\n");
  machine.Write("sys/fs/cgroup/job/task_0/cpu.max", "max 100000\n");
  machine.Write("sys/fs/cgroup/job/task_1/cpu.max", "max 100000\n");
  const uint64_t of_job = machine.limits().cores_group;
  EXPECT_NE(of_job, 0U);
  machine.Write("proc/self/cgroup", "0::/job/task_1\n");
  EXPECT_EQ(machine.limits().cores_group, of_job);
  machine.Write("sys/fs/cgroup/job/task_1/cpu.max", "200000 100000\n");
  const uint64_t of_task = machine.limits().cores_group;
  EXPECT_NE(of_task, of_job);
  machine.Write("sys/fs/cgroup/job/task_0/cpu.max", "200000 100000\n");
  machine.Write("proc/self/cgroup", "0::/job/task_0\n");
  EXPECT_NE(machine.limits().cores_group, of_job);
  EXPECT_NE(machine.limits().cores_group, of_task);
  // A container sees task_1 as its top group. The result must be the same.
  machine.Write("proc/self/cgroup", "0::/\n");
  machine.Write("proc/self/mountinfo",
                "30 22 0:26 / /sys/fs/cgroup/job/task_1 rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(machine.limits().cores_group, of_task);
}

TEST(Host, HasTheCoresThatThisThreadMayUse) {
  std::thread([] {
    const test::TemporaryFolder no_limits;
    EXPECT_EQ(AvailableCores(no_limits.path()), static_cast<int>(AllowedCores().size()));
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(AllowedCores().back(), &one);
    const int last = AllowedCores().back();
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_THAT(AllowedCores(), testing::ElementsAre(last));
    EXPECT_EQ(AvailableCores(), 1);
    EXPECT_EQ(ThreadCount(0), 1);
    EXPECT_EQ(ThreadCount(7), 7);
  }).join();
}

TEST(Host, HasNoMoreCoresThanItsGroupGetsTimeOf) {
  const Machine machine("0::/\n", kVersion2);
  machine.Write("sys/fs/cgroup/cpu.max", "20000 100000\n");
  EXPECT_EQ(AvailableCores(machine.root()), 1);
}

TEST(Host, HasNoMoreProcessesThanMemoryFor) {
  const Machine machine("0::/\n", kVersion2);
  machine.Write("sys/fs/cgroup/memory.max", "1500000000\n");
  EXPECT_EQ(AvailableMemoryBytes(machine.root()), 1'500'000'000);
  EXPECT_EQ(ProcessCount(0, 1'000'000'000, machine.root()), 1);
  EXPECT_EQ(ProcessCount(0, 10'000'000'000, machine.root()), 1);
  EXPECT_EQ(ProcessCount(0, 1, machine.root()), AvailableCores(machine.root()));
  EXPECT_EQ(ProcessCount(5, 1'000'000'000, machine.root()), 5);
}

}  // namespace
}  // namespace reel3d
