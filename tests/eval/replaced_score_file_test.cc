// Checks that a score file that another command replaces while it is read is never mixed with the
// other file. HDF5 reads the tables, and another part of the program reads the logits.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/error.h"
#include "lib/base/input_file.h"
#include "lib/eval/score_file.h"
#include "lib/hdf5/hdf5_reader.h"
#include "tests/replacing.h"
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

// A file descriptor of the file that has the name now.
class Descriptor {
 public:
  explicit Descriptor(const fs::path& file) : number_(open(file.c_str(), O_RDONLY)) {}
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

TEST(ReplacedScoreFile, IsAnotherFileOfTheSameName) {
  const test::TemporaryFolder folder;
  WriteScores(folder / "scores.h5", WithLogits({0.5F, -1.0F}));
  WriteScores(folder / "other.h5", WithLogits({0.5F, -1.0F}));
  const InputFile file(folder / "scores.h5", "a file");
  const Descriptor same(folder / "scores.h5");
  EXPECT_TRUE(file.IsOpenAs(same.number()));
  fs::rename(folder / "other.h5", folder / "scores.h5");
  const Descriptor other(folder / "scores.h5");
  EXPECT_TRUE(file.IsOpenAs(same.number()));
  EXPECT_FALSE(file.IsOpenAs(other.number()));
}

TEST(ReplacedScoreFile, IsReadToItsEndByTheReaderThatOpenedIt) {
  const test::TemporaryFolder folder;
  const std::vector<float> first = {0.5F, -1.0F};
  WriteScores(folder / "scores.h5", WithLogits(first));
  WriteScores(folder / "other.h5", WithLogits({7.0F, 3.0F}));
  const Hdf5Reader reader(folder / "scores.h5");
  fs::rename(folder / "other.h5", folder / "scores.h5");
  const Hdf5Extent extent = reader.Extent<float>("/clips/logits", {1, first.size()});
  std::vector<float> read(first.size());
  ASSERT_EQ(extent.size_bytes, read.size() * sizeof(float));
  reader.bytes().Read(extent.offset_bytes, read.data(), extent.size_bytes);
  EXPECT_EQ(read, first);
}

// The load of the machine decides how often the file is replaced between the two openings. The
// results may not depend on that.
TEST(ReplacedScoreFile, IsNeverMixedWithTheOther) {
  const test::TemporaryFolder folder;
  const std::vector<float> first = {0.5F, -1.0F};
  const std::vector<float> second = {7.0F, 3.0F};
  WriteScores(folder / "first.h5", WithLogits(first));
  WriteScores(folder / "second.h5", WithLogits(second));
  fs::copy_file(folder / "second.h5", folder / "scores.h5");
  const test::Replacing replacing({folder / "first.h5", folder / "second.h5"},
                                  folder / "scores.h5");
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
