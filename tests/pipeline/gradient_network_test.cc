// Training says what carries its gradients. The lines of NCCL's log are those of 2.18 and 2.28.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/gradient_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kTcpLog =
    "h1:77:77 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.1<0>\n"
    "h1:77:90 [0] NCCL INFO NET/IB : No device found.\n"
    "h1:77:90 [0] NCCL INFO NET/Socket : Using [0]eth0:10.0.0.1<0>\n"
    "h1:77:90 [0] NCCL INFO Using network Socket\n";
constexpr const char* kFastLog =
    "h1:77:90 [0] NCCL INFO NET/IB : Using [0]mlx5_0:1/IB [RO]; OOB eth0:10.0.0.1<0>\n"
    "h1:77:90 [0] NCCL INFO Assigned NET plugin IB to comm\n"
    "h1:77:90 [0] NCCL INFO Using network IB\n";

class GradientNetworkNote : public testing::Test {
 protected:
  GradientNetworkNote() {
    for (const char* name : {"NCCL_NET", "NCCL_IB_DISABLE", "OMPI_MCA_btl", "OMPI_MCA_pml"}) {
      unsetenv(name);
    }
  }

  void AddDevice(const std::string& name) {
    const auto port = folder_ / "sys/class/infiniband" / name / "ports/1";
    MakeFolders(port);
    WriteFileAtomically(port / "state", "4: ACTIVE\n");
  }
  // Describes the network of two ranks with this log of NCCL, one on h1 and one on `other`.
  NetworkNote Describe(const std::optional<std::string>& log, const std::string& other = "h2") {
    ClusterProbe probe;
    probe.host = "h1";
    probe.root = folder_.path();
    probe.gather = [&other](const std::string& text) {
      std::string twin = text;
      for (size_t at = 0; (at = twin.find("h1", at)) != std::string::npos; at += other.size()) {
        twin.replace(at, 2, other);
      }
      return std::vector<std::string>{text, twin};
    };
    NameTransport(log ? std::optional(NetworkInNcclLog(*log)) : std::nullopt, &probe);
    return DescribeNetwork(probe);
  }

  test::TemporaryFolder folder_;
};

TEST_F(GradientNetworkNote, NamesWhatNcclUses) {
  const NetworkNote tcp = Describe(kTcpLog);
  EXPECT_FALSE(tcp.is_warning);
  EXPECT_EQ(tcp.text,
            "gradients travel between 2 hosts by NCCL over Socket [0]eth0:10.0.0.1<0>; no fast "
            "network was found");
  AddDevice("mlx5_0");
  const NetworkNote fast = Describe(kFastLog);
  EXPECT_FALSE(fast.is_warning);
  EXPECT_THAT(fast.text, HasSubstr("by NCCL over IB [0]mlx5_0:1/IB [RO]; the hosts have"));
}

TEST_F(GradientNetworkNote, WarnsOfTcpBesideAFastNetwork) {
  AddDevice("mlx5_0");
  const NetworkNote note = Describe(kTcpLog);
  EXPECT_TRUE(note.is_warning);
  EXPECT_THAT(note.text,
              HasSubstr("more slowly than they could: rank 0 (h1): NCCL over Socket "
                        "[0]eth0:10.0.0.1<0>: that is TCP, although there is mlx5_0; load"));
}

TEST_F(GradientNetworkNote, WarnsOfANamedNetworkThatIsNotUsed) {
  setenv("NCCL_NET", "AWS Libfabric", 1);
  const NetworkNote note = Describe(kTcpLog);
  unsetenv("NCCL_NET");
  EXPECT_TRUE(note.is_warning);
  EXPECT_THAT(note.text, HasSubstr("although NCCL_NET names AWS Libfabric"));
}

TEST_F(GradientNetworkNote, SaysNothingOnOneHost) {
  AddDevice("mlx5_0");
  EXPECT_EQ(Describe(kTcpLog, "h1").text, "");
}

TEST_F(GradientNetworkNote, DoesNotGuess) {
  AddDevice("mlx5_0");
  const NetworkNote note = Describe("");  // as when NCCL_DEBUG is the user's
  EXPECT_FALSE(note.is_warning);
  EXPECT_THAT(note.text, HasSubstr("by NCCL; the hosts have a fast network"));
}

TEST_F(GradientNetworkNote, NamesMpiOnCpus) {
  EXPECT_THAT(Describe(std::nullopt).text,
              StartsWith("gradients travel between 2 hosts by MPI " + MpiVersion()));
}

}  // namespace
}  // namespace reel3d
