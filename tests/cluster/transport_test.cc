// Names a network that is slower than it could be, on hosts whose devices are folders of the test.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "lib/base/file.h"
#include "lib/cluster/checks.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::HasSubstr;

class Transport : public testing::Test {
 protected:
  Transport() {
    for (const char* name : {"NCCL_NET", "NCCL_IB_DISABLE", "OMPI_MCA_btl", "OMPI_MCA_pml"}) {
      unsetenv(name);
    }
  }
  ~Transport() override {
    unsetenv("NCCL_NET");
    unsetenv("OMPI_MCA_btl");
  }

  void AddDevice(const std::string& host, const std::string& name, const std::string& state) {
    const auto port = folder_ / host / "sys/class/infiniband" / name / "ports/1";
    MakeFolders(port);
    WriteFileAtomically(port / "state", state + "\n");
  }
  // Judges one rank on each of two hosts, h1 and h2, whose NCCL has chosen `network`.
  Finding Judge(const std::string& network) {
    const ClusterCheck check = TransportCheck();
    Observations ranks;
    for (const char* host : {"h1", "h2"}) {
      ClusterProbe probe;
      probe.root = folder_ / host;
      probe.network = network;
      probe.uses_nccl = uses_nccl_;
      probe.transport = "NCCL over " + network;
      ranks.push_back(check.observe(probe, {}));
      ranks.back()["host"] = host;
    }
    return check.judge(ranks, {});
  }

  test::TemporaryFolder folder_;
  bool uses_nccl_ = true;
};

TEST_F(Transport, NcclOnTcpBesideAFastNetworkIsNamed) {
  EXPECT_EQ(Judge("Socket").verdict, Verdict::kOk) << "there is nothing faster";
  AddDevice("h1", "mlx5_0", "4: ACTIVE");
  AddDevice("h2", "mlx5_0", "4: ACTIVE");
  const Finding found = Judge("Socket");
  EXPECT_EQ(found.verdict, Verdict::kWarn);
  EXPECT_EQ(found.text, "rank 0 (h1): NCCL over Socket: that is TCP, although there is mlx5_0");
  EXPECT_THAT(found.remedy, HasSubstr("NCCL_DEBUG=INFO"));
  EXPECT_EQ(Judge("IB").verdict, Verdict::kOk);
  EXPECT_THAT(Judge("IB").text, HasSubstr("NCCL over IB"));
  EXPECT_EQ(Judge("").verdict, Verdict::kOk) << "it is not known";
}

TEST_F(Transport, ADeviceWithoutCableIsNoNetwork) {
  AddDevice("h1", "mlx5_0", "1: DOWN");
  AddDevice("h2", "mlx5_0", "1: DOWN");
  EXPECT_EQ(Judge("Socket").verdict, Verdict::kOk);
  AddDevice("h2", "mlx5_1", "4: ACTIVE");
  EXPECT_THAT(Judge("Socket").text, HasSubstr("rank 1 (h2): NCCL over Socket: that is TCP"));
  const Finding missing = Judge("IB");
  EXPECT_EQ(missing.verdict, Verdict::kWarn);
  EXPECT_THAT(missing.text, HasSubstr("no fast network for rank 0 (h1)"));
}

TEST_F(Transport, ANamedNetworkThatNcclDoesNotUseIsNamed) {
  setenv("NCCL_NET", "AWS Libfabric", 1);
  EXPECT_THAT(Judge("Socket").text, HasSubstr("although NCCL_NET names AWS Libfabric"));
  EXPECT_EQ(Judge("AWS Libfabric").verdict, Verdict::kOk);
}

TEST_F(Transport, ASettingThatKeepsTrafficOnTcpIsNamed) {
  AddDevice("h1", "mlx5_0", "4: ACTIVE");
  AddDevice("h2", "mlx5_0", "4: ACTIVE");
  setenv("NCCL_NET", "Socket", 1);
  const Finding found = Judge("Socket");
  EXPECT_THAT(found.text, HasSubstr("NCCL_NET=Socket keeps the traffic on TCP"));
  EXPECT_EQ(found.remedy, "unset NCCL_NET");
  uses_nccl_ = false;
  EXPECT_EQ(Judge("").verdict, Verdict::kOk) << "MPI does not read it";
  setenv("OMPI_MCA_btl", "tcp,self", 1);
  EXPECT_EQ(Judge("").remedy, "unset OMPI_MCA_btl");
  unsetenv("NCCL_NET");
  uses_nccl_ = true;
  EXPECT_EQ(Judge("IB").verdict, Verdict::kOk) << "NCCL does not read it";
}

}  // namespace
}  // namespace reel3d
