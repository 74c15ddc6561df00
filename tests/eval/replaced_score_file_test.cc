// Checks that a score file that another command replaces while it is read is never mixed with the
// other file. HDF5 reads the tables, and another part of the program reads the logits.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "lib/base/error.h"
#include "lib/eval/score_file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

Scores WithLogits(const std::vector<float>& logits) {
  Scores scores;
  scores.checkpoint = "step-00000040 crc 1234abcd";
  scores.subset = "validation";
  scores.num_videos_expected = 1;
  scores.classes = {"jump", "run"};
  scores.videos = {{"a", 1}};
  scores.clips = {{0, 0, 16}};
  scores.logits = logits;
  return scores;
}

// Keeps putting another file in the place of `target`, in turn each of `files`.
class Replacing {
 public:
  Replacing(const std::vector<fs::path>& files, const fs::path& target)
      : thread_([this, files, target] {
          const fs::path next = target.string() + ".next";
          for (size_t turn = 0; !must_end_; ++turn) {
            fs::create_hard_link(files[turn % files.size()], next);
            fs::rename(next, target);
            std::this_thread::sleep_for(std::chrono::microseconds(100));
          }
        }) {}
  ~Replacing() {
    must_end_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> must_end_{false};
  std::thread thread_;
};

TEST(ReplacedScoreFile, IsNeverMixedWithTheOther) {
  const test::TemporaryFolder folder;
  const std::vector<float> first = {0.5F, -1.0F};
  const std::vector<float> second = {7.0F, 3.0F};
  WriteScores(folder / "first.h5", WithLogits(first));
  WriteScores(folder / "second.h5", WithLogits(second));
  fs::copy_file(folder / "second.h5", folder / "scores.h5");
  const Replacing replacing({folder / "first.h5", folder / "second.h5"}, folder / "scores.h5");
  for (int reading = 0; reading < 300; ++reading) {
    std::vector<float> read;
    try {
      ReadScoresByVideo(
          folder / "scores.h5", 1,
          [&](const Scores& header, size_t, const std::vector<size_t>&, const float* logits) {
            read.assign(logits, logits + header.classes.size());
          });
      EXPECT_THAT(read, testing::AnyOf(first, second));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kEnvironment) << error.what();
      EXPECT_THAT(error.what(), testing::HasSubstr("scores.h5: another file replaced it"));
    }
  }
}

}  // namespace
}  // namespace reel3d
