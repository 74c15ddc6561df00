// Tests prep-videos on manifests with several rows for one file, such as the segments of an
// untrimmed video.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <string>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "pipeline/stages/prep_videos.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

constexpr int kWidth = 64;
constexpr int kHeight = 48;

class PrepSegments : public testing::Test {
 protected:
  // Writes a video of `seconds`, with 10 frames a second and a key frame every 2.5 s.
  void WriteVideo(const std::string& name, int seconds) const {
    VideoEncoderOptions options;
    options.width = kWidth;
    options.height = kHeight;
    options.fps_num = 10;
    options.codec_options = "preset=veryfast:crf=5:g=25";
    test::WriteSample(folder_ / name, options, 10 * seconds, test::NumberedFrames(kWidth, kHeight));
  }
  void Add(const std::string& id, const std::string& path, double begin_s, double end_s) {
    VideoRow row;
    row.id = id;
    row.path = path;
    row.begin_s = begin_s;
    row.end_s = end_s;
    manifest_.videos.push_back(row);
  }
  // Adds ten segments of a.mp4, some of which overlap, between the two of b.mp4.
  void AddSegments() {
    WriteVideo("a.mp4", 20);
    WriteVideo("b.mp4", 4);
    Add("b#0", "b.mp4", 0, 1);
    for (int i = 0; i < 10; ++i) {
      Add("a#" + std::to_string(i), "a.mp4", 1.7 * i, 1.7 * i + 1 + 0.3 * i);
    }
    Add("b#1", "b.mp4", 2, 3);
  }

  PrepVideosReport Run(const std::string& out, int task = 0, int tasks = 1) const {
    WriteManifest(folder_ / "videos.tsv", manifest_);
    PrepVideosOptions options;
    options.manifest = folder_ / "videos.tsv";
    options.out_dir = folder_ / out;
    options.preparation.height = 32;
    options.threads = 1;
    options.max_failed_fraction = 1;
    options.worker_program = test::ToolPath("prep-videos").string();
    options.slice.task_option = task;
    options.slice.tasks_option = tasks;
    options.Check();
    return RunPrepVideos(options);
  }
  std::map<std::string, std::string> Outputs(const std::string& out) const {
    std::map<std::string, std::string> outputs;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / out)) {
      if (entry.path().extension() == ".mkv") {
        outputs[entry.path().stem().string()] = test::ReadBytes(entry.path());
      }
    }
    return outputs;
  }
  // Returns the outputs if every row is prepared by a command of its own.
  std::map<std::string, std::string> OutputsOneByOne() {
    const Manifest all = manifest_;
    for (size_t i = 0; i < all.videos.size(); ++i) {
      manifest_.videos = {all.videos[i]};
      Run("alone" + std::to_string(i));
    }
    manifest_ = all;
    std::map<std::string, std::string> outputs;
    for (size_t i = 0; i < all.videos.size(); ++i) {
      outputs.merge(Outputs("alone" + std::to_string(i)));
    }
    return outputs;
  }

  test::TemporaryFolder folder_;
  Manifest manifest_;
};

TEST_F(PrepSegments, TogetherHaveTheBytesOfEachAlone) {
  AddSegments();
  const PrepVideosReport report = Run("out");
  EXPECT_EQ(report.num_done, 12);
  EXPECT_EQ(report.num_workers, 1);
  const auto together = Outputs("out");
  EXPECT_THAT(together, SizeIs(12));
  const auto alone = OutputsOneByOne();
  for (const auto& [id, bytes] : together) {
    EXPECT_TRUE(bytes == alone.at(id)) << id;
  }
}

// The index of a file with B-frames has times of decoding. The key frame that is shown at 7.5 s is
// decoded some frames before, so that seeking to times in between goes to the key frame before it.
TEST_F(PrepSegments, AfterAGapFromJustBeforeAKeyFrame) {
  WriteVideo("a.mp4", 12);
  Add("start", "a.mp4", 0, 0.5);
  const double begins_s[] = {7.1, 7.2, 7.3, 7.4, 7.5};
  for (const double begin_s : begins_s) {
    manifest_.videos.resize(1);
    Add("late", "a.mp4", begin_s, 8);
    const std::string out = "out" + std::to_string(begin_s);
    EXPECT_EQ(Run(out).num_done, 2) << begin_s;
    EXPECT_TRUE(Outputs(out) == OutputsOneByOne()) << begin_s;
    fs::remove_all(folder_ / "alone0");
    fs::remove_all(folder_ / "alone1");
  }
}

TEST_F(PrepSegments, OnlyMissingOnesAreMadeAgain) {
  AddSegments();
  Run("out");
  const auto before = Outputs("out");
  for (const char* id : {"a#3", "a#7"}) {
    fs::remove(folder_ / "out" / (std::string(id) + ".mkv"));
  }
  const PrepVideosReport report = Run("out");
  EXPECT_EQ(report.num_done, 2);
  EXPECT_EQ(report.num_skipped, 10);
  EXPECT_TRUE(Outputs("out") == before);
}

TEST_F(PrepSegments, TheRowsOfAFileBelongToOneTask) {
  AddSegments();
  EXPECT_EQ(Run("tasks", 0, 2).num_videos, 2);
  EXPECT_EQ(Run("tasks", 1, 2).num_videos, 10);
  EXPECT_TRUE(fs::exists(folder_ / "tasks/DONE"));
  Run("out");
  EXPECT_TRUE(Outputs("tasks") == Outputs("out"));
}

TEST_F(PrepSegments, ABadSegmentCostsOnlyItself) {
  AddSegments();
  Add("a#beyond", "a.mp4", 100, 101);
  const PrepVideosReport report = Run("out");
  EXPECT_EQ(report.num_done, 12);
  EXPECT_EQ(report.num_failed, 1);
  EXPECT_THAT(ReadFile(folder_ / "out/failed.tsv"), HasSubstr("\na#beyond\tprep\t"));
}

TEST_F(PrepSegments, ADamagedStretchCostsOnlyTheSegmentInIt) {
  WriteVideo("a.mp4", 20);
  Add("before", "a.mp4", 0, 2);
  Add("in", "a.mp4", 9, 11);
  Add("close behind", "a.mp4", 12.5, 14);
  Add("far behind", "a.mp4", 18, 20);
  Run("undamaged");
  std::string bytes = test::ReadBytes(folder_ / "a.mp4");
  const size_t begin = bytes.find("mdat"), end = bytes.rfind("moov");
  const size_t length = (end - begin) / 20;
  bytes.replace((begin + end - length) / 2, length, length, '\0');
  WriteFileAtomically(folder_ / "a.mp4", bytes);

  const PrepVideosReport report = Run("out");
  EXPECT_EQ(report.num_done, 4);
  // A complaint may concern frames up to the longest delay behind it, so the next may be named too.
  EXPECT_THAT(report.warnings, Contains(Pair("in", HasSubstr("damaged in places"))));
  EXPECT_THAT(report.warnings, Not(Contains(Key(AnyOf("before", "far behind")))));
  const auto damaged = Outputs("out"), undamaged = Outputs("undamaged");
  for (const char* id : {"before", "close behind", "far behind"}) {
    EXPECT_TRUE(damaged.at(id) == undamaged.at(id)) << id;
  }
  EXPECT_FALSE(damaged.at("in") == undamaged.at("in"));
  EXPECT_TRUE(damaged == OutputsOneByOne());
}

TEST_F(PrepSegments, ABadFileCostsItsSegments) {
  AddSegments();
  WriteFileAtomically(folder_ / "text.mp4", "no video");
  Add("text#0", "text.mp4", 0, 1);
  Add("text#1", "text.mp4", 1, 2);
  const PrepVideosReport report = Run("out");
  EXPECT_EQ(report.num_done, 12);
  EXPECT_EQ(report.num_failed, 2);
  const std::string failed = ReadFile(folder_ / "out/failed.tsv");
  EXPECT_THAT(failed, HasSubstr("\ntext#0\tprep\t"));
  EXPECT_THAT(failed, HasSubstr("\ntext#1\tprep\t"));
}

}  // namespace
}  // namespace reel3d
