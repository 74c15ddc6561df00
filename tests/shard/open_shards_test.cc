// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/open_shards.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "lib/base/error.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d::test {
namespace {

class OpenShardsTest : public ::testing::Test {
 protected:
  OpenShardsTest() { WriteShard(folder_ / "00000.h5", MakeSmallShard()); }

  OpenShards::Handle Open() {
    ++num_opened_;
    return std::make_shared<OpenShard>(ShardReader(folder_ / "00000.h5"));
  }
  OpenShards::Handle Get(OpenShards& shards, int number) {
    return shards.Get(number,
                      [this](const OpenShards::Handle& open) { return open ? open : Open(); });
  }

  TemporaryFolder folder_;
  std::atomic<int> num_opened_{0};
};

TEST_F(OpenShardsTest, CloseTheOneThatWasNotUsedForLongest) {
  OpenShards shards(2);
  const OpenShards::Handle first = Get(shards, 1);
  Get(shards, 2);
  EXPECT_EQ(Get(shards, 1), first) << "it is open";
  Get(shards, 3);  // closes 2
  EXPECT_EQ(num_opened_, 3);
  EXPECT_EQ(shards.Find(2), nullptr);
  EXPECT_EQ(shards.Find(1), first);
  EXPECT_NE(shards.Find(3), nullptr);
  const std::weak_ptr<const OpenShard> third = shards.Find(3);
  Get(shards, 1);
  Get(shards, 2);
  EXPECT_TRUE(third.expired()) << "its descriptor is closed";
  FrameBytes frames;
  Get(shards, 4);
  EXPECT_EQ(shards.Find(1), nullptr);
  first->frames->Read(0, 5, &frames);  // a handle outlives the closing
  EXPECT_EQ(frames.FindDamaged(), 5U);
}

TEST_F(OpenShardsTest, AnErrorLeavesTheShardAsItWas) {
  OpenShards shards(2);
  const auto fail = [](const OpenShards::Handle&) -> OpenShards::Handle {
    throw InputError("bad");
  };
  EXPECT_THROW(shards.Get(1, fail), Error);
  EXPECT_EQ(shards.Find(1), nullptr);
  const OpenShards::Handle open = Get(shards, 1);
  EXPECT_THROW(shards.Get(1, fail), Error);
  EXPECT_EQ(shards.Find(1), open);
  shards.Close(1, nullptr);
  EXPECT_EQ(shards.Find(1), open) << "another one is in use";
  shards.Close(1, open);
  EXPECT_EQ(shards.Find(1), nullptr);
}

TEST_F(OpenShardsTest, ManyThreadsShareFewDescriptors) {
  OpenShards shards(3);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      FrameBytes frames;
      for (int i = 0; i < 300; ++i) {
        Get(shards, (i * (thread + 1)) % 7)->frames->Read(0, 5, &frames);
        EXPECT_EQ(frames.FindDamaged(), 5U);
        frames.Clear();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  int num_open = 0;
  for (int number = 0; number < 7; ++number) {
    num_open += shards.Find(number) != nullptr ? 1 : 0;
  }
  EXPECT_LE(num_open, 3);
}

TEST(OpenFiles, LeaveRoomForOthersUnderTheLimit) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 300;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(AllowOpenShards(10), 10U);
  rlimit now{};
  getrlimit(RLIMIT_NOFILE, &now);
  EXPECT_EQ(now.rlim_cur, 300U) << "enough";
  const size_t all = AllowOpenShards(size_t{1} << 40);
  EXPECT_EQ(all, before.rlim_max - 256) << "the system's limit, and not what was wanted";
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace reel3d::test
