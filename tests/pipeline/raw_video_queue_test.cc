// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/raw_video_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/open_count.h"
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

// Returns how often a file is opened to prepare these parts together, and how often for each alone.
// Expects the same bytes.
std::pair<int, int> OpensTogetherAndAlone(const PrepareRequest& request,
                                          const PrepWorkerOptions& options) {
  PrepWorker worker(options);
  test::OpenCount opens(request.source);
  const std::vector<RawPart> together = PrepareRawParts(request, &worker);
  std::pair<int, int> count = {opens.Take(), 0};
  for (size_t part = 0; part < request.parts.size(); ++part) {
    PrepareRequest one = request;
    one.parts = {request.parts[part]};
    const RawVideo alone(one, &worker, [](int64_t /*num_frames*/) {});
    EXPECT_TRUE(test::ReadBytes(together[part].video->prepared()) ==
                test::ReadBytes(alone.prepared()))
        << part;
  }
  count.second = opens.Take();
  EXPECT_GT(count.second, 0);
  return count;
}

TEST_F(RawVideoQueueTest, PartsOfASoundFileAreDecodedOnce) {
  const fs::path file = folder_ / "sound.ts";
  test::WriteSample(file, test::Ordinary(), 90, test::NumberedFrames(64, 48));
  Add(file);
  PrepareRequest& request = requests_.back();
  request.parts = {{"", {0, 2}, ""}, {"", {1, 3}, ""}, {"", {0.5, 1.5}, ""}};
  const auto [together, alone] = OpensTogetherAndAlone(request, worker_);
  EXPECT_EQ(3 * together, alone);
}

TEST_F(RawVideoQueueTest, IfTheClockStartsAgainEachPartIsAsAlone) {
  const fs::path file = folder_ / "joined.ts";
  test::WriteSample(file, test::Ordinary(), 50, test::NumberedFrames(64, 48));
  test::WriteBytes(file, test::ReadBytes(file) + test::ReadBytes(file));
  Add(file);
  PrepareRequest& request = requests_.back();
  const double restart_s = 50. / test::Ordinary().fps_num;
  request.parts = {{"", {0, 0.5 * restart_s}, ""},
                   {"", {0.8 * restart_s, 1.2 * restart_s}, ""},
                   {"", {1.5 * restart_s, 1.8 * restart_s}, ""}};
  OpensTogetherAndAlone(request, worker_);  // compares the bytes
}

TEST_F(RawVideoQueueTest, FramesThatAreMissingAreAnInputError) {
  PrepWorker worker(worker_);
  const RawVideo video(requests_[2], &worker, [](int64_t /*num_frames*/) {});
  FrameQueue queue(video.prepared());
  EXPECT_EQ(queue.FramesOf({{1, 3, 1}, 2}).size(), 2U);
  EXPECT_THROW(queue.FramesOf({{4, 5}, 2}), Error);  // there are 5
  EXPECT_THROW(queue.At(0), Error);                  // it is forgotten
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

TEST_F(RawVideoQueueTest, NoWorkerStartsOnceItIsLeft) {
  const fs::path hanging = folder_ / "hanging";
  WriteFileAtomically(hanging, "#!/bin/sh\necho >> \"$0.started\"\nexec sleep 1000\n");
  fs::permissions(hanging, fs::perms::owner_all);
  worker_.program = hanging.string();
  requests_[0].parts.resize(3);
  {
    const RawVideoQueue queue(requests_, worker_, 1);
    while (!fs::exists(folder_ / "hanging.started")) {
      std::this_thread::yield();
    }
  }
  EXPECT_LE(ReadFile(folder_ / "hanging.started"), "\n");
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
