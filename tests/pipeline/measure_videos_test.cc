// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/measure_videos.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/tsv.h"
#include "lib/shard/shard_set.h"
#include "lib/video/jpeg_encoder.h"
#include "lib/video/yuv_image.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using testing::HasSubstr;

constexpr int kWidth = 160;
constexpr int kHeight = 120;

// Returns a grey frame as prep-videos stores it.
std::vector<uint8_t> GreyFrame(int luma) {
  YuvImage image(kWidth, kHeight);
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < image.height(plane); ++y) {
      std::fill_n(image.row(plane, y), image.width(plane),
                  static_cast<uint8_t>(plane == 0 ? luma : 128));
    }
  }
  image.PadRight();
  return JpegEncoder(90).Encode(image);
}

struct Video {
  std::string id;
  Subset subset;
  uint32_t fps;
  std::vector<int> lumas;  // of each frame
};

// Writes the videos as a folder of one shard.
void WriteShards(const fs::path& folder, const std::vector<Video>& videos) {
  test::SmallShard shard;
  std::vector<VideoScan> scans;
  std::vector<IndexedVideo> index;
  for (const Video& video : videos) {
    ShardVideo row;
    row.id = video.id;
    row.label = 0;
    row.width = kWidth;
    row.height = kHeight;
    row.fps_num = video.fps;
    VideoScan scan(row);
    for (const int luma : video.lumas) {
      shard.frames.push_back(GreyFrame(luma));
      scan.AddFrame(shard.frames.back());
    }
    scans.push_back(std::move(scan));
    index.push_back({0, static_cast<int>(index.size()), video.id, 0, video.subset,
                     static_cast<int>(video.lumas.size()), static_cast<double>(video.fps)});
  }
  shard.table = MakeTable(scans, {"wave"});
  test::WriteShard(folder / "00000.h5", shard);
  WriteIndex(folder / "index.tsv", index);
  WriteShardList(folder / "shards.tsv", {{0, ContentUuid(shard.table)}});
  WriteClasses(folder / "classes.txt", {"wave"});
  WriteMissing(folder / "missing.tsv", {});
  WriteFileAtomically(folder / "DONE", FormatTableChecksums(folder));
}

// Pictures are frames 0, 5, 10 ... at 10 frames a second. The frames between them do not count.
const std::vector<int>& Flashing() {
  static const std::vector<int> lumas = {50, 255, 255, 255, 255, 90, 0, 0, 0, 0, 60, 0};
  return lumas;
}

class MeasureVideosTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_ / "shards");
    WriteShards(folder_ / "shards",
                {{"flashing", Subset::kValidation, 10, Flashing()},
                 {"other", Subset::kTraining, 10, {10, 10}},
                 {"short", Subset::kValidation, 10, {200, 100, 100}},
                 {"slow", Subset::kValidation, 1, {30, 40, 60}},
                 {"unpaced", Subset::kValidation, 0, std::vector<int>(26, 70)}});
    options_.shards_dir = folder_ / "shards";
    options_.out = folder_ / "measured.tsv";
    options_.threads = 1;
  }

  void Damage(int luma) const {
    std::string bytes = ReadFile(folder_ / "shards/00000.h5");
    const std::vector<uint8_t> jpeg = GreyFrame(luma);
    const size_t place = bytes.find(std::string(jpeg.begin(), jpeg.end()));
    ASSERT_NE(place, std::string::npos);
    bytes[place + jpeg.size() / 2] ^= 1;
    std::ofstream(folder_ / "shards/00000.h5", std::ios::binary) << bytes;
  }

  std::string FaultOf(ErrorKind kind) const {
    try {
      options_.Check();
      RunMeasureVideos(options_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "";
  }

  test::TemporaryFolder folder_;
  MeasureVideosOptions options_;
};

TEST_F(MeasureVideosTest, MeasuresTwoPicturesASecond) {
  const MeasureVideosReport report = RunMeasureVideos(options_);
  EXPECT_EQ(report.num_videos, 4);
  EXPECT_EQ(report.num_failed, 0);
  struct Row {
    const char* id;
    int num_frames;
    double brightness, motion;  // negative: not known
  };
  TsvReader reader(options_.out,
                   {"id", "num_frames", "fps", "brightness", "motion", "data_fingerprint"});
  // A frame of one grey has this grey after JPEG, up to rounding.
  for (const Row& row :
       {Row{"flashing", 12, (50 + 90 + 60) / 3.0, (40 + 30) / 2.0}, Row{"short", 3, 200, -1},
        Row{"slow", 3, (30 + 40 + 60) / 3.0, 15}, Row{"unpaced", 26, 70, 0}}) {
    SCOPED_TRACE(row.id);
    ASSERT_TRUE(reader.NextRow());
    EXPECT_EQ(reader.Text(0), row.id);
    EXPECT_EQ(reader.Integer(1, 0, 100), row.num_frames);
    EXPECT_EQ(reader.IsEmpty(2), std::string(row.id) == "unpaced");
    EXPECT_NEAR(reader.Real(3, 0, 255), row.brightness, 1);
    ASSERT_EQ(reader.IsEmpty(4), row.motion < 0);
    if (row.motion >= 0) {
      EXPECT_NEAR(reader.Real(4, 0, 255), row.motion, 1);
    }
  }
  EXPECT_FALSE(reader.NextRow());
}

TEST_F(MeasureVideosTest, ThreadsDoNotChangeTheTable) {
  RunMeasureVideos(options_);
  const std::string expected = ReadFile(options_.out);
  options_.threads = 4;
  RunMeasureVideos(options_);
  EXPECT_EQ(ReadFile(options_.out), expected);
}

// "slow" is in the manifest, but its file is none. The file of "unpaced" is gone, and "other" is
// not measured.
TEST_F(MeasureVideosTest, SourcesHaveTheHeightOfTheirFiles) {
  for (const auto& [name, height] :
       {std::pair<const char*, int>{"tall.avi", 90}, {"low.avi", 32}}) {
    test::WriteSample(folder_ / name, test::Lossless(64, height), 2,
                      test::NumberedFrames(64, height));
  }
  options_.sources = folder_ / "videos.tsv";
  WriteFileAtomically(options_.sources,
                      "id\tpath\tlabel\tsubset\tbegin_s\tend_s\tnum_frames\tfps\twidth\theight\n"
                      "flashing\ttall.avi\twave\tvalidation\t\t\t\t\t\t\n"
                      "short\tlow.avi\twave\tvalidation\t\t\t\t\t\t\n"
                      "slow\tvideos.tsv\twave\tvalidation\t\t\t\t\t\t\n"
                      "unpaced\tgone.avi\twave\tvalidation\t\t\t\t\t\t\n"
                      "other\tgone too.avi\twave\ttraining\t\t\t\t\t\t\n");
  options_.worker_program = "/bin/false";
  EXPECT_THAT(FaultOf(ErrorKind::kEnvironment), HasSubstr("worker process of /bin/false"));
  options_.worker_program = test::ToolPath("measure-videos").string();
  testing::internal::CaptureStderr();
  EXPECT_EQ(RunMeasureVideos(options_).num_sourceless, 2);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("1 of 4 source files are gone, the first is " +
                             (folder_ / "gone.avi").string() + ": their videos have no"));
  EXPECT_THAT(log, testing::Not(HasSubstr("no source_height: " + (folder_ / "gone").string())));
  const std::string table = ReadFile(options_.out);
  EXPECT_THAT(table, HasSubstr("brightness\tmotion\tsource_height\tdata_fingerprint\n"));
  EXPECT_THAT(table, HasSubstr("\t35.000\t90\t"));       // flashing
  EXPECT_THAT(table, HasSubstr("\t200.000\t\t32\t"));    // short
  EXPECT_THAT(table, HasSubstr("\t15.000\t\t"));         // slow
  EXPECT_THAT(table, HasSubstr("\t70.000\t0.000\t\t"));  // unpaced
  WriteFileAtomically(options_.sources,
                      "id\tpath\tlabel\tsubset\tbegin_s\tend_s\tnum_frames\tfps\twidth\theight\n"
                      "elsewhere\ttall.avi\twave\tvalidation\t\t\t\t\t\t\n");
  options_.overwrite = true;
  Damage(60);  // is found only by measuring, after the manifest was looked at
  EXPECT_THAT(FaultOf(ErrorKind::kInput), HasSubstr("has none of the 4 videos"));
}

TEST_F(MeasureVideosTest, ADamagedVideoHasNoFigures) {
  Damage(60);  // in "flashing" and "slow"
  EXPECT_THAT(FaultOf(ErrorKind::kInput), HasSubstr("1 of 4 videos are damaged"));
  EXPECT_FALSE(fs::exists(options_.out));
  options_.max_failed_fraction = 0.5;
  EXPECT_EQ(RunMeasureVideos(options_).num_failed, 1);
  EXPECT_THAT(ReadFile(options_.out), HasSubstr("flashing\t12\t10\t\t\t"));
}

TEST_F(MeasureVideosTest, RefusesOutputsThatItMustNotReplace) {
  options_.out = folder_ / "measured.txt";
  EXPECT_THAT(FaultOf(ErrorKind::kUsage), HasSubstr("ends in .tsv"));
  options_.out = folder_ / "none/measured.tsv";
  EXPECT_THAT(FaultOf(ErrorKind::kUsage), HasSubstr("no folder"));
  options_.out = folder_ / "old.tsv";
  WriteFileAtomically(options_.out, "mine");
  EXPECT_THAT(FaultOf(ErrorKind::kUsage), HasSubstr("--overwrite"));
  options_.overwrite = true;
  EXPECT_EQ(FaultOf(ErrorKind::kUsage), "");
  options_.out = folder_ / "shards/index.tsv";
  EXPECT_THAT(FaultOf(ErrorKind::kUsage), HasSubstr("among the shards"));
}

TEST_F(MeasureVideosTest, EachRowStatesTheMeasuredData) {
  RunMeasureVideos(options_);
  TsvReader reader(options_.out,
                   {"id", "num_frames", "fps", "brightness", "motion", "data_fingerprint"});
  for (int row = 0; row < 4; ++row) {
    ASSERT_TRUE(reader.NextRow());
    EXPECT_EQ(reader.Text(5), fmt::format("{:08x}", ShardSet(options_.shards_dir).fingerprint()));
  }
}

TEST_F(MeasureVideosTest, SaysWhichSubsetIsEmpty) {
  options_.subset = Subset::kTesting;
  EXPECT_THAT(FaultOf(ErrorKind::kInput), HasSubstr("holds no testing videos"));
}

// The tool writes what evaluate-scores --slices reads: a table with the ids of the shards.
TEST_F(MeasureVideosTest, RunsAsATool) {
  const auto result = test::RunCommand({test::ToolPath("measure-videos").string(), "--subset",
                                        "training", options_.shards_dir, options_.out});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out, "1 video measured, 0 with damaged frames\n");
  EXPECT_THAT(ReadFile(options_.out), HasSubstr("other\t2\t10\t10"));
}

}  // namespace
}  // namespace reel3d
