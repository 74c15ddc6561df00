// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/prep_worker.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <csignal>

#include <filesystem>
#include <fstream>

#include "lib/base/error.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;

constexpr int kNumFrames = 300;

class PrepWorkerTest : public testing::Test {
 protected:
  void SetUp() override {
    VideoEncoderOptions options;
    options.width = 64;
    options.height = 48;
    options.codec_options = "preset=ultrafast";
    test::WriteSample(folder_ / "good.mp4", options, kNumFrames, test::NumberedFrames(64, 48));
    options_.program = test::ToolPath("prep-videos").string();
  }

  PrepareRequest Request(const std::string& name) const {
    PrepareRequest request;
    request.source = (folder_ / name).string();
    request.parts.front().target = (folder_ / (name + ".mkv")).string();
    request.height = 720;  // some tenths of a second
    request.quality = 90;
    return request;
  }

  // Returns the error message of `work`. The test fails if there is no error of this kind.
  static std::string Fault(ErrorKind kind, const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }

  // Prepares good.mp4, and meanwhile sends `signal_number` to the worker's process.
  std::string FaultWhenHit(PrepWorker* worker, int signal_number) const {
    return Fault(ErrorKind::kInput, [&] {
      worker->Prepare(Request("good.mp4"), [&](int64_t /*num_frames*/) {
        int child = 0;
        std::ifstream("/proc/thread-self/children") >> child;
        ASSERT_GT(child, 0);
        kill(child, signal_number);
      });
    });
  }

  const TemporaryFolder folder_;
  PrepWorkerOptions options_;
};

TEST_F(PrepWorkerTest, DoesWhatIsDoneInOurOwnProcess) {
  PrepWorker worker(options_);
  int64_t last = 0;
  int num_calls = 0;
  const DecodeSummary summary = worker.Prepare(Request("good.mp4"), [&](int64_t num_frames) {
    EXPECT_GE(num_frames, last);
    last = num_frames;
    ++num_calls;
  });
  EXPECT_EQ(summary.num_frames, kNumFrames);
  EXPECT_FALSE(summary.truncated);
  EXPECT_GT(num_calls, 0) << "no word from the middle";
  PrepareRequest own = Request("good.mp4");
  own.parts.front().target = (folder_ / "own.mkv").string();
  EXPECT_EQ(PrepareVideo(own, [](int64_t) {}).num_frames, kNumFrames);
  EXPECT_TRUE(test::ReadBytes(own.parts.front().target) ==
              test::ReadBytes(folder_ / "good.mp4.mkv"));
}

TEST_F(PrepWorkerTest, ACrashCostsOneVideo) {
  PrepWorker worker(options_);
  // The test does not use SIGSEGV, because sanitizers turn it into an exit.
  EXPECT_THAT(FaultWhenHit(&worker, SIGABRT),
              AllOf(HasSubstr("good.mp4"), HasSubstr("crashed (signal 6")));
  EXPECT_EQ(worker.Prepare(Request("good.mp4"), [](int64_t) {}).num_frames, kNumFrames);
}

TEST_F(PrepWorkerTest, AHangCostsOneVideo) {
  options_.stall_s = 0.5;
  PrepWorker worker(options_);
  EXPECT_THAT(FaultWhenHit(&worker, SIGSTOP), HasSubstr("no frame for 0.5 s; --stall-timeout"));
}

TEST_F(PrepWorkerTest, NoVideoTakesForEver) {
  options_.timeout_s = 0.3;
  PrepWorker worker(options_);
  EXPECT_THAT(FaultWhenHit(&worker, SIGSTOP), HasSubstr("not done after 0.3 s; --video-timeout"));
}

TEST_F(PrepWorkerTest, NoVideoTakesAllMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer needs more memory than any limit";
#endif
  // The file has only some kilobytes, but its picture has 6000 x 6000 pixels.
  VideoEncoderOptions large = test::Lossless(6000, 6000);
  test::WriteSample(folder_ / "large.mkv", large, 1, [](int, std::vector<uint8_t>*) {});
  options_.memory_mb = 220;
  PrepWorker worker(options_);
  EXPECT_THAT(
      Fault(ErrorKind::kInput, [&] { worker.Prepare(Request("large.mkv"), [](int64_t) {}); }),
      HasSubstr("large.mkv"));
  EXPECT_EQ(worker.Prepare(Request("good.mp4"), [](int64_t) {}).num_frames, kNumFrames);
}

TEST_F(PrepWorkerTest, ClaimsOfABillionFramesAreRefused) {
  std::string bytes = test::ReadBytes(folder_ / "good.mp4");
  const std::string billion("\x3B\x9A\xCA\x00", 4);
  const size_t sizes = bytes.find("stsz");
  ASSERT_NE(sizes, std::string::npos);
  bytes.replace(sizes + 8, 8, std::string("\0\0\0\1", 4) + billion);  // frames of one byte each
  const size_t times = bytes.find("stts");
  ASSERT_NE(times, std::string::npos);
  bytes.replace(times + 12, 4, billion);
  test::WriteBytes(folder_ / "claims.mp4", bytes);
  PrepWorker worker(options_);
  EXPECT_THAT(
      Fault(ErrorKind::kInput, [&] { worker.Prepare(Request("claims.mp4"), [](int64_t) {}); }),
      HasSubstr("claims 1000000000 frames"));
}

TEST_F(PrepWorkerTest, ErrorsKeepTheirKind) {
  PrepWorker worker(options_);
  test::WriteBytes(folder_ / "text.mp4", "this is no video\n");
  EXPECT_THAT(
      Fault(ErrorKind::kInput, [&] { worker.Prepare(Request("text.mp4"), [](int64_t) {}); }),
      HasSubstr("no known video format"));
  PrepareRequest nowhere = Request("good.mp4");
  nowhere.parts.front().target = (folder_ / "absent" / "x.mkv").string();
  EXPECT_THAT(Fault(ErrorKind::kEnvironment, [&] { worker.Prepare(nowhere, [](int64_t) {}); }),
              HasSubstr("absent/x.mkv"));
}

TEST_F(PrepWorkerTest, PathsMayHoldAnyBytes) {
  const std::string name = "line\nbreak \xFF.mp4";
  fs::rename(folder_ / "good.mp4", folder_ / name);
  PrepWorker worker(options_);
  EXPECT_EQ(worker.Prepare(Request(name), [](int64_t) {}).num_frames, kNumFrames);
}

TEST_F(PrepWorkerTest, AProgramThatIsNoWorkerIsTheMachinesFault) {
  options_.program = "/bin/false";
  PrepWorker worker(options_);
  EXPECT_THAT(
      Fault(ErrorKind::kEnvironment, [&] { worker.Prepare(Request("good.mp4"), [](int64_t) {}); }),
      HasSubstr("exit status 1"));
}

TEST_F(PrepWorkerTest, NonsenseOfAWorkerIsTheVideosFault) {
  const fs::path program = folder_ / "nonsense";
  test::WriteBytes(program, "#!/bin/bash\nprintf ready >&0; head -c 1 <&0; printf nonsense >&0\n");
  fs::permissions(program, fs::perms::owner_all);
  options_.program = program.string();
  PrepWorker worker(options_);
  EXPECT_THAT(
      Fault(ErrorKind::kInput, [&] { worker.Prepare(Request("good.mp4"), [](int64_t) {}); }),
      HasSubstr("the decoder crashed"));
}

}  // namespace
}  // namespace reel3d
