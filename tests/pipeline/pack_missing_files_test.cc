// Tests pack-shards with annotation rows whose video files are missing.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/frame_facts.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/passport.h"
#include "lib/video/prepared_video.h"
#include "pipeline/stages/pack_shards.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/stage_output.h"
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

// The manifest has the name of the class in the other Unicode form.
TEST_F(PackMissingFilesTest, ThePassportCountsUnderTheLabelsOfTheManifest) {
  Manifest manifest = ReadManifest(options_.manifest);
  manifest.videos[0].label = "e\xCC\x81";
  WriteManifest(options_.manifest, manifest);
  WriteClasses(folder_ / "classes.txt", {"\xC3\xA9"});
  WriteFileAtomically(ManifestPassportPath(options_.manifest),
                      R"({"list": {"manifest_crc32": 7}})");
  RunPackShards(options_);
  const Passport packed = ReadPassport(folder_ / "shards/passport.json").value();
  EXPECT_TRUE(packed.list.empty()) << "what lies beside the manifest is no passport";
  ASSERT_EQ(packed.counts.size(), 1U);
  const PassportCounts& counts = packed.counts.begin()->second;
  EXPECT_EQ(counts.found, 1);
  EXPECT_EQ(counts.packed, 1);
}

TEST_F(PackMissingFilesTest, ThePassportCountsThem) {
  Miss("gone#2");
  Passport listed;
  listed.list = {{"manifest_crc32", FileIdentity(options_.manifest)}, {"format", "csv"}};
  WritePassport(ManifestPassportPath(options_.manifest), listed);
  RunPackShards(options_);
  Passport packed = ReadPassport(folder_ / "shards/passport.json").value();
  EXPECT_EQ(packed.list["format"], "csv");
  EXPECT_EQ(packed.shards["num_frames"], 8);
  const PassportCounts& gone = packed.counts.at({Subset::kTesting, "wave"});
  EXPECT_EQ(gone.expected, 1);
  EXPECT_EQ(gone.found + gone.packed, 0);
  const PassportCounts& here = packed.counts.at({Subset::kTraining, "wave"});
  EXPECT_EQ(here.packed, 1);
  EXPECT_EQ(here.num_short, 1) << "8 frames";
}

TEST_F(PackMissingFilesTest, ThePassportSaysHowTheFramesWerePrepared) {
  const auto packed_frames = [&] {
    RunPackShards(options_);
    return FrameFactsOf(ReadPassport(folder_ / "shards/passport.json"));
  };
  const std::filesystem::path settings =
      std::filesystem::path(options_.prepared_dir) / "settings.ini";
  EXPECT_FALSE(packed_frames()) << "another tool has prepared them";
  WriteFileAtomically(settings,
                      "# 5 settings decide what is written here\nheight = 240\nshort-side = 0\n"
                      "quality = 80\nfps = 50/2\nallow-truncated = true\n");
  const std::optional<FrameFacts> frames = packed_frames();
  ASSERT_TRUE(frames);
  EXPECT_EQ(FrameFactsToJson(*frames), FrameFactsToJson({240, 0, 80, "25", "field"}))
      << "a setting that an older version did not know has its default";
  WriteFileAtomically(settings, "height = 360\nshort-side = 128\n");
  EXPECT_EQ(packed_frames()->short_side, 128);
  EXPECT_EQ(packed_frames()->height, 0);
  for (const char* damaged : {"height = 240\nfps = never\n", "height = 1e9\n", "colour = red\n"}) {
    WriteFileAtomically(settings, damaged);
    EXPECT_FALSE(packed_frames()) << damaged;
  }
}

TEST_F(PackMissingFilesTest, ThePassportOfAnotherListIsNotCarriedOn) {
  Passport listed;
  listed.list = {{"manifest_crc32", "0badcafe"}};
  WritePassport(ManifestPassportPath(options_.manifest), listed);
  RunPackShards(options_);
  EXPECT_TRUE(ReadPassport(folder_ / "shards/passport.json").value().list.empty());
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
