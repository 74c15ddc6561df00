// The network that NCCL uses stands in its log. The lines are NCCL 2.18's and 2.28's.
// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/nccl_log.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "lib/base/file.h"

namespace reel3d {
namespace {

TEST(NetworkInNcclLog, NamesWhatNcclChose) {
  const NcclNetwork tcp = NetworkInNcclLog(
      "n1:77:77 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.1<0>\n"
      "n1:77:90 [0] NCCL INFO NET/IB : No device found.\n"
      "n1:77:90 [0] NCCL INFO NET/Socket : Using [0]eth0:10.0.0.1<0> [1]eth1:10.1.0.1<0>\n"
      "n1:77:90 [0] NCCL INFO Using network Socket\n"
      "n1:77:90 [0] NCCL INFO NET/Socket: Using 2 threads and 8 sockets per thread\n");
  EXPECT_EQ(tcp.name, "Socket");
  EXPECT_EQ(tcp.devices, "[0]eth0:10.0.0.1<0> [1]eth1:10.1.0.1<0>");
  const NcclNetwork fast = NetworkInNcclLog(
      "n1:77:90 [0] NCCL INFO NET/IB : Using [0]mlx5_0:1/IB [RO]; OOB eth0:10.0.0.1<0>\n"
      "n1:77:90 [0] NCCL INFO Initialized NET plugin IB\n"
      "n1:77:90 [0] NCCL INFO Assigned NET plugin IB to comm\n"
      "n1:77:90 [0] NCCL INFO Using network IB\n");
  EXPECT_EQ(fast.name, "IB");
  EXPECT_EQ(fast.devices, "[0]mlx5_0:1/IB [RO]");
  EXPECT_EQ(NetworkInNcclLog("a [0] NCCL INFO Using network AWS Libfabric\n").name,
            "AWS Libfabric");
  EXPECT_EQ(NetworkInNcclLog("a [0] NCCL INFO Assigned NET plugin UCX to comm\n").name, "UCX");
  EXPECT_EQ(NetworkInNcclLog("").name, "");
  EXPECT_EQ(NetworkInNcclLog("NCCL WARN no socket interface found\n").name, "");
}

TEST(NcclLog, IsReadFromAFileThatGoes) {
  unsetenv("NCCL_DEBUG");
  std::string file;
  {
    const NcclLog log;
    EXPECT_STREQ(std::getenv("NCCL_DEBUG"), "INFO");
    file = std::getenv("NCCL_DEBUG_FILE");
    EXPECT_EQ(log.Network().name, "");
    WriteFileAtomically(file, "n1:77:90 [0] NCCL INFO Using network IB\n");
    EXPECT_EQ(log.Network().name, "IB");
  }
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(NcclLog, IsLeftOutWhereThereIsNoTemporaryFolder) {
  unsetenv("NCCL_DEBUG");
  setenv("TMPDIR", "/no/such/folder", 1);
  const NcclLog log;
  unsetenv("TMPDIR");
  EXPECT_EQ(std::getenv("NCCL_DEBUG"), nullptr);
  EXPECT_EQ(log.Network().name, "");
}

TEST(NcclLog, LeavesASettingOfTheUserAlone) {
  setenv("NCCL_DEBUG", "WARN", 1);
  unsetenv("NCCL_DEBUG_FILE");
  const NcclLog log;
  EXPECT_STREQ(std::getenv("NCCL_DEBUG"), "WARN");
  EXPECT_EQ(std::getenv("NCCL_DEBUG_FILE"), nullptr);
  EXPECT_EQ(log.Network().name, "");
}

}  // namespace
}  // namespace reel3d
