// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/raw_video_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RawVideoQueueTest : public testing::Test {
 protected:
  RawVideoQueueTest() {
    worker_.program = test::ToolPath("prep-videos").string();
    for (int i = 0; i < 6; ++i) {
      const fs::path file = folder_ / (std::to_string(i) + ".avi");
      test::WriteSample(file, test::Lossless(64, 48), 3 + i, test::NumberedFrames(64, 48));
      Add(file);
    }
  }

  void Add(const fs::path& file) {
    PrepareRequest request;
    request.source = file.string();
    request.height = 48;
    request.quality = 90;
    requests_.push_back(request);
  }

  const test::TemporaryFolder folder_;
  PrepWorkerOptions worker_;
  std::vector<PrepareRequest> requests_;
};

TEST_F(RawVideoQueueTest, GivesVideosInOrderAndAFaultInItsPlace) {
  WriteFileAtomically(folder_ / "3.avi", "text");
  RawVideoQueue queue(requests_, worker_, 3);
  for (int i = 0; i < 6; ++i) {
    if (i == 3) {
      EXPECT_THROW(queue.Next(), Error);
      continue;
    }
    const auto video = queue.Next();
    EXPECT_EQ(video->num_frames(), 3 + i);
    EXPECT_TRUE(fs::exists(video->prepared()));
  }
}

TEST_F(RawVideoQueueTest, GivesThePartsOfAFileOneAfterTheOther) {
  const auto add = [](PrepareRequest* request, double begin_s, double end_s) {
    request->parts.emplace_back().part = {begin_s, end_s};
  };
  requests_[2].parts.clear();  // 5 frames, 25 a second
  add(&requests_[2], 0.08, 0.2);
  add(&requests_[2], 9, 10);  // behind the end
  add(&requests_[2], 0, 0.04);
  RawVideoQueue queue(requests_, worker_, 2);
  const auto expect = [&](int num_frames) { EXPECT_EQ(queue.Next()->num_frames(), num_frames); };
  expect(3);
  expect(4);
  expect(3);
  EXPECT_THROW(queue.Next(), Error);
  expect(1);
  expect(6);
}

TEST_F(RawVideoQueueTest, CanBeLeftBeforeItsEnd) {
  fs::path given;
  {
    RawVideoQueue queue(requests_, worker_, 2);
    given = queue.Next()->prepared();
  }
  EXPECT_FALSE(fs::exists(given));
}

// If the queue waited for the workers, this would take minutes.
TEST_F(RawVideoQueueTest, CanBeLeftWhileAWorkerHangs) {
  const fs::path hanging = folder_ / "hanging";
  WriteFileAtomically(hanging, "#!/bin/sh\ntouch \"$0.started\"\nexec sleep 1000\n");
  fs::permissions(hanging, fs::perms::owner_all);
  worker_.program = hanging.string();
  const RawVideoQueue queue(requests_, worker_, 2);
  while (!fs::exists(folder_ / "hanging.started")) {
    std::this_thread::yield();
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(RawVideoQueueTest, AThreadThatCannotStartIsAnError) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  const rlimit small = {rlim_t{1} << 30, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &small), 0);
  std::string fault;
  try {
    RawVideoQueue({}, worker_, 1000);  // their stacks take 8 GB
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
    fault = error.what();
  }
  setrlimit(RLIMIT_AS, &before);
  EXPECT_THAT(fault, HasSubstr(" of 1000 that prepare videos: "));
}
#endif

}  // namespace
}  // namespace reel3d
