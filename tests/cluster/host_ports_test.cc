// The rate of gradients is compared with that of ports, which are folders of the test.
// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/host_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "lib/cluster/checks.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class HostPorts : public testing::Test {
 protected:
  void AddPort(const std::string& host, const std::string& device, const std::string& state,
               const std::string& rate) {
    const auto port = folder_ / host / "sys/class/infiniband" / device / "ports/1";
    MakeFolders(port);
    WriteFileAtomically(port / "state", state + "\n");
    WriteFileAtomically(port / "rate", rate + "\n");
  }
  void AddInterface(const std::string& host, const std::string& name, const std::string& state,
                    const std::string& speed, bool is_virtual = false) {
    const auto device = folder_ / host / "sys/class/net" / name;
    MakeFolders(is_virtual ? device : device / "device");
    WriteFileAtomically(device / "operstate", state + "\n");
    WriteFileAtomically(device / "speed", speed + "\n");
  }
  HostPort Fastest() { return FastestPort(folder_ / "h1"); }

  // Judges one rank on each of two hosts, h1 and h2, whose all-reduce of `floats` takes `seconds`.
  Finding Judge(double seconds, int64_t floats = 25'000'000, bool uses_nccl = true) {
    const ClusterCheck check = AllReduceCheck();
    ClusterNeeds needs;
    needs.gradient_floats = floats;
    Observations ranks;
    for (const std::string host : {"h1", second_host_.c_str()}) {
      ClusterProbe probe;
      probe.root = folder_ / host;
      probe.transport = "NCCL over IB";
      probe.uses_nccl = uses_nccl;
      probe.barrier = [] {};
      probe.all_reduce_s = [seconds](int64_t /*num_floats*/) { return seconds; };
      ranks.push_back(check.observe(probe, needs));
      ranks.back()["host"] = host;
    }
    return check.judge(ranks, needs);
  }

  test::TemporaryFolder folder_;
  std::string second_host_ = "h2";
};

TEST_F(HostPorts, TheFastestActivePortCounts) {
  EXPECT_EQ(Fastest().name, "") << "there are no devices";
  AddInterface("h1", "eth0", "up", "10000");
  EXPECT_EQ(Fastest().name, "eth0");
  EXPECT_DOUBLE_EQ(Fastest().gbit_per_s, 10);
  AddPort("h1", "mlx5_0", "1: DOWN", "400 Gb/sec (4X NDR)");
  EXPECT_EQ(Fastest().name, "eth0") << "no cable";
  AddPort("h1", "mlx5_1", "4: ACTIVE", "100 Gb/sec (4X EDR)");
  EXPECT_EQ(Fastest().name, "mlx5_1");
  EXPECT_DOUBLE_EQ(Fastest().gbit_per_s, 100);
  AddPort("h1", "mlx5_2", "4: ACTIVE", "2.5 Gb/sec (1X SDR)");
  EXPECT_EQ(Fastest().name, "mlx5_1");
}

TEST_F(HostPorts, WhatStatesNoRateIsPassedOver) {
  AddInterface("h1", "eth0", "down", "10000");
  AddInterface("h1", "eth1", "up", "-1");
  AddInterface("h1", "veth0", "up", "10000", /*is_virtual=*/true);
  for (const char* rate : {"", "fast", "nan", "inf", "1e300", "-100 Gb/sec", "0"}) {
    AddPort("h1", "mlx5_0", "4: ACTIVE", rate);
    EXPECT_EQ(Fastest().name, "") << rate;
  }
}

TEST_F(HostPorts, TheRateIsComparedWithTheSlowestHost) {
  AddPort("h1", "mlx5_0", "4: ACTIVE", "200 Gb/sec (4X HDR)");
  AddPort("h2", "mlx5_3", "4: ACTIVE", "100 Gb/sec (4X EDR)");
  const Finding good = Judge(0.02);  // 100 MB in 0.02 s: 5 GB/s, 40 Gbit/s
  EXPECT_EQ(good.verdict, Verdict::kOk);
  EXPECT_THAT(good.text, EndsWith("5.00 GB/s over each link, by NCCL over IB, 40 % of the 100 "
                                  "Gbit/s of mlx5_3 on h2"));
  const Finding slow = Judge(0.04);
  EXPECT_EQ(slow.verdict, Verdict::kWarn);
  EXPECT_THAT(slow.text, HasSubstr("20 % of the 100 Gbit/s of mlx5_3 on h2"));
  EXPECT_THAT(slow.remedy, HasSubstr("at least 30 % are usual"));
  EXPECT_DOUBLE_EQ(slow.figures.at("all_reduce_gb_per_s"), 2.5);
}

TEST_F(HostPorts, MpiMayBeSlower) {
  AddInterface("h1", "eth0", "up", "25000");
  AddInterface("h2", "eth0", "up", "25000");
  EXPECT_EQ(Judge(0.2, 25'000'000, /*uses_nccl=*/false).verdict, Verdict::kOk) << "16 %";
  EXPECT_EQ(Judge(0.5, 25'000'000, /*uses_nccl=*/false).verdict, Verdict::kWarn) << "6 %";
}

TEST_F(HostPorts, NoPortIsTooFastForMpi) {
  AddPort("h1", "mlx5_0", "4: ACTIVE", "400 Gb/sec (4X NDR)");
  AddPort("h2", "mlx5_0", "4: ACTIVE", "400 Gb/sec (4X NDR)");
  EXPECT_EQ(Judge(0.09, 25'000'000, /*uses_nccl=*/false).verdict, Verdict::kOk) << "1.1 GB/s";
  EXPECT_EQ(Judge(0.11, 25'000'000, /*uses_nccl=*/false).verdict, Verdict::kWarn) << "0.9 GB/s";
}

TEST_F(HostPorts, SmallGradientsAndUnknownPortsAreNoFault) {
  AddPort("h1", "mlx5_0", "4: ACTIVE", "100 Gb/sec (4X EDR)");
  EXPECT_EQ(Judge(10).verdict, Verdict::kOk) << "h2 has no port that is known";
  EXPECT_THAT(Judge(10).text, Not(HasSubstr("mlx5")));
  AddPort("h2", "mlx5_0", "4: ACTIVE", "100 Gb/sec (4X EDR)");
  EXPECT_EQ(Judge(10).verdict, Verdict::kWarn);
  EXPECT_EQ(Judge(10, 100'000).verdict, Verdict::kOk) << "latency, not bandwidth";
  second_host_ = "h1";
  EXPECT_EQ(Judge(10).verdict, Verdict::kOk) << "one host uses no port";
}

}  // namespace
}  // namespace reel3d
