// Ranks exchange small values outside of tensors. Runs under mpirun.
// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "lib/base/error.h"
#include "lib/dist/device.h"
#include "lib/dist/nccl_group.h"
#include "tests/dist/world_environment.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using test::TheWorld;

TEST(World, KnowsItsRanks) {
  const World& world = TheWorld();
  EXPECT_GE(world.rank(), 0);
  EXPECT_LT(world.rank(), world.size());
  EXPECT_EQ(world.is_main(), world.rank() == 0);
  EXPECT_FALSE(world.host().empty());
  const char* started = std::getenv("OMPI_COMM_WORLD_SIZE");
  EXPECT_EQ(world.size(), started == nullptr ? 1 : std::stoi(started));
}

TEST(World, FindsTheLargest) {
  const World& world = TheWorld();
  EXPECT_EQ(world.Max(int64_t{10 - world.rank()}), 10);
  EXPECT_TRUE(world.Any(world.rank() == world.size() - 1));
  EXPECT_FALSE(world.Any(false));
}

TEST(World, PassesTextsOn) {
  const World& world = TheWorld();
  world.Barrier();
  const std::string big(100'000, static_cast<char>('a' + world.rank()));
  EXPECT_EQ(world.Broadcast(big), std::string(100'000, 'a'));
  EXPECT_EQ(world.Broadcast(world.is_main() ? "" : "else"), "");
  // The texts have different lengths; that of rank 0 is empty.
  const std::vector<std::string> all = world.Gather(std::string(world.rank() * 3, 'x'));
  ASSERT_EQ(all.size(), static_cast<size_t>(world.size()));
  for (size_t rank = 0; rank < all.size(); ++rank) {
    EXPECT_EQ(all[rank], std::string(rank * 3, 'x'));
  }
}

TEST(World, LetsExceptionsPassAlone) {
  if (TheWorld().size() > 1) {
    GTEST_SKIP() << "with several ranks it would end them all";
  }
  EXPECT_THROW(TheWorld().Run([] { throw InputError("bad"); }), Error);
}

TEST(World, SaysMpisVersion) {
  EXPECT_THAT(MpiVersion(), testing::MatchesRegex("[0-9.]+[a-z0-9]*"));
}

TEST(Device, IsTheCpuUnlessThereAreGpus) {
  EXPECT_TRUE(ChooseDevice(DeviceChoice::kCpu, TheWorld()).is_cpu());
  if (HasCuda()) {
    return;
  }
  EXPECT_TRUE(ChooseDevice(DeviceChoice::kAuto, TheWorld()).is_cpu());
  try {
    ChooseDevice(DeviceChoice::kCuda, TheWorld());
    ADD_FAILURE() << "found a GPU without CUDA";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
  }
}

TEST(Device, WarnsOfIdleGpus) {
  SeenGpus seen;
  EXPECT_EQ(IdleGpusWarning(seen), "");
  seen.has_nvidia = true;
  EXPECT_THAT(IdleGpusWarning(seen), testing::HasSubstr("this build has no CUDA"));
  seen.build_has_cuda = true;
  EXPECT_EQ(IdleGpusWarning(seen), "") << "the job may see no GPU on purpose";
  seen.num_gpus = 1;
  seen.num_ranks = 2;
  EXPECT_THAT(IdleGpusWarning(seen), testing::HasSubstr("this host has 1 GPU for 2 ranks"));
}

TEST(Device, FindsTheDriverOfNvidia) {
  const test::TemporaryFolder devices;
  EXPECT_FALSE(HasNvidiaGpu(devices.path()));
  EXPECT_FALSE(HasNvidiaGpu(devices.path() / "missing"));
  std::ofstream(devices.path() / "nvidiactl") << "";
  EXPECT_TRUE(HasNvidiaGpu(devices.path()));
}

}  // namespace
}  // namespace reel3d
