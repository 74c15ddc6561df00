// Tests pack-shards with annotation rows whose video files are missing.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/video/prepared_video.h"
#include "pipeline/stages/pack_shards.h"
#include "pipeline/support/item_loop.h"
#include "tests/frames/jpeg_pictures.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class PackMissingFilesTest : public ::testing::Test {
 protected:
  PackMissingFilesTest() {
    options_.manifest = (folder_ / "videos.tsv").string();
    options_.prepared_dir = (folder_ / "prepared").string();
    options_.out_dir = (folder_ / "shards").string();
    options_.max_failed_fraction = 0;
    fs::create_directories(options_.prepared_dir);
    VideoRow row;
    row.id = "here";
    row.path = "here.mp4";
    row.label = "wave";
    WriteManifest(options_.manifest, {"", {row}});
    WriteClasses(folder_ / "classes.txt", {"wave"});
    PreparedVideoWriter writer(folder_ / "prepared/here.mkv", {64, 48, 25, 1});
    for (int frame = 0; frame < 8; ++frame) {
      writer.Write(test::MakeJpeg({64, 48}, frame), frame / 25.0);
    }
    writer.Finish();
    WriteFileAtomically(folder_ / "prepared/failed.tsv", FormatFailedItems({}));
    WriteFileAtomically(folder_ / "prepared/DONE", "");
  }
  void Miss(const std::string& id) {
    WriteFileAtomically(MissingFilesPath(options_.manifest),
                        FormatMissingFiles({{id, "wave", Subset::kTesting, "no such file"}}));
  }

  test::TemporaryFolder folder_;
  PackShardsOptions options_;
};

TEST_F(PackMissingFilesTest, TheyAreMissingAndNoFailure) {
  Miss("gone#2");
  const PackShardsReport report = RunPackShards(options_);
  EXPECT_FALSE(report.over_tolerance);
  EXPECT_EQ(report.num_videos, 2);
  EXPECT_EQ(report.num_not_prepared, 1);
  EXPECT_EQ(ReadFile(folder_ / "shards/missing.tsv"), "id\tsubset\ngone#2\ttesting\n");
  EXPECT_THAT(ReadFile(folder_ / "shards/failed.tsv"), HasSubstr("gone#2\tprep\tno such file\n"));
  EXPECT_THAT(ReadFile(folder_ / "shards/report.json"), HasSubstr("videos.missing.tsv"));
}

TEST_F(PackMissingFilesTest, VideoThatIsBothListedAndMissingIsRefused) {
  Miss("here");
  EXPECT_THROW(RunPackShards(options_), Error);
}

TEST_F(PackMissingFilesTest, TableWithABadRowIsRefusedWithItsLine) {
  for (const char* row : {"a/b\twave\ttesting\tgone", "a\twave\tholdout\tgone", "a\twave\ttesting",
                          "a\tw\ttesting\tgone\na\tw\ttesting\tgone"}) {
    WriteFileAtomically(MissingFilesPath(options_.manifest),
                        std::string("id\tlabel\tsubset\treason\n") + row + "\n");
    try {
      RunPackShards(options_);
      ADD_FAILURE() << row;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), HasSubstr("videos.missing.tsv:"));
    }
  }
}

}  // namespace
}  // namespace reel3d
