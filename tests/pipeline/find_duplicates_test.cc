// Synthetic videos and edited copies of some are encoded, prepared and packed like a user's videos.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/find_duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <sstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/passport.h"
#include "pipeline/support/stage_output.h"
#include "tests/duplicates/noise_picture.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using testing::HasSubstr;

constexpr int kWidth = 240;
constexpr int kHeight = 180;
constexpr int kFps = 10;
constexpr int kNumFrames = 40;

// Says how a copy differs from its original.
struct Edit {
  std::string name;
  int width = kWidth, height = kHeight;  // of the copy
  double left = 0, top = 0, part = 1;    // the part of the original that it shows
  bool mirrored = false;
  int skipped_frames = 0;
  int quality = 23;  // x264's, higher is worse
};

const std::vector<Edit>& Edits() {
  static const std::vector<Edit> edits = {{"same"},
                                          {"encoded_again", kWidth, kHeight, 0, 0, 1, false, 0, 34},
                                          {"smaller", 160, 120},
                                          {"wider", 300, 180},
                                          {"centre", 216, 162, 0.05, 0.05, 0.9},
                                          {"top_left", 216, 162, 0, 0, 0.9},
                                          {"bottom_right", 216, 162, 0.1, 0.1, 0.9},
                                          {"mirrored", kWidth, kHeight, 0, 0, 1, true},
                                          {"mirrored_part", 216, 162, 0.05, 0.05, 0.9, true},
                                          {"shifted", kWidth, kHeight, 0, 0, 1, false, kFps}};
  return edits;
}

// A room with four objects, each of which moves along its own path.
struct Scene {
  Scene(uint32_t room_key, uint32_t actors_key)
      : room(test::NoisePicture(room_key, kWidth / 2, kHeight / 2)), actors(actors_key) {}

  uint8_t At(double x, double y, double time_s) const {
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t key = test::MixedPoint(actors, i, 1);
      const double speed = 1 + key % 7 * 0.3;
      const double centre_x = kWidth * (0.5 + 0.35 * std::cos(speed * time_s + key));
      const double centre_y = kHeight * (0.5 + 0.35 * std::sin(1.4 * speed * time_s + 2.0 * key));
      if (std::abs(x - centre_x) < 17 && std::abs(y - centre_y) < 17) {
        return static_cast<uint8_t>(40 + 60 * i);
      }
    }
    return static_cast<uint8_t>(
        room[static_cast<size_t>(y / 2) * (kWidth / 2) + static_cast<size_t>(x / 2)]);
  }

  const std::vector<float> room;  // at half the size
  const uint32_t actors;
};

void WriteFilm(const fs::path& file, const Scene& scene, const Edit& edit) {
  VideoEncoderOptions options;
  options.width = edit.width;
  options.height = edit.height;
  options.fps_num = kFps;
  options.codec_options = "preset=veryfast:crf=" + std::to_string(edit.quality);
  test::WriteSample(
      file, options, kNumFrames - edit.skipped_frames, [&](int number, std::vector<uint8_t>* out) {
        std::fill(out->begin(), out->end(), uint8_t{128});
        for (int y = 0; y < edit.height; ++y) {
          for (int x = 0; x < edit.width; ++x) {
            const int column = edit.mirrored ? edit.width - 1 - x : x;
            (*out)[static_cast<size_t>(y) * edit.width + x] =
                scene.At(kWidth * (edit.left + edit.part * (column + 0.5) / edit.width),
                         kHeight * (edit.top + edit.part * (y + 0.5) / edit.height),
                         static_cast<double>(number + edit.skipped_frames) / kFps);
          }
        }
      });
}

// Originals are training videos, and their copies are validation videos. Other videos have no copy.
class FindDuplicatesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    Manifest manifest;
    manifest.folder = folder_->path();
    const auto add = [&](const std::string& id, Subset subset, const Scene& scene,
                         const Edit& edit) {
      WriteFilm(*folder_ / (id + ".mp4"), scene, edit);
      VideoRow row;
      row.id = id;
      row.path = id + ".mp4";
      row.label = "film";
      row.subset = subset;
      manifest.videos.push_back(row);
    };
    uint32_t scene = 100;
    for (const Edit& edit : Edits()) {
      add("a_" + edit.name, Subset::kTraining, {scene, scene}, Edits().front());
      add("b_" + edit.name, Subset::kValidation, {scene, scene}, edit);
      scene += 10;
    }
    for (const char* id : {"alone_0", "alone_1", "alone_2", "alone_3"}) {
      add(id, id[6] == '0' ? Subset::kTraining : Subset::kValidation, {scene, scene},
          Edits().front());
      scene += 10;
    }
    for (const char* id : {"room_0", "room_1", "room_2"}) {
      add(id, id[5] == '0' ? Subset::kTraining : Subset::kValidation, {1000, scene},
          Edits().front());
      scene += 10;
    }
    WriteManifest(*folder_ / "videos.tsv", manifest);
    WriteClasses(*folder_ / "classes.txt", {"film"});
    Run({"prep-videos", "--height", "180", Path("videos.tsv"), Path("prepared")});
    Run({"pack-shards", Path("videos.tsv"), Path("prepared"), Path("shards")});
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string Path(const std::string& name) { return (*folder_ / name).string(); }
  static void Run(std::vector<std::string> command) {
    command[0] = test::ToolPath(command[0]).string();
    const test::CommandResult result = test::RunCommand(command);
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }

  FindDuplicatesTest() {
    options_.manifest = Path("videos.tsv");
    options_.data_dir = Path("shards");
    options_.out = (own_ / "pairs.tsv").string();
    options_.threads = 2;
  }
  // Returns the cells of each row, without the header.
  std::vector<std::vector<std::string>> Pairs() const {
    std::vector<std::vector<std::string>> rows;
    std::istringstream lines(ReadFile(options_.out));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream cells(line);
      rows.emplace_back();
      for (std::string cell; std::getline(cells, cell, '\t');) {
        rows.back().push_back(cell);
      }
    }
    return rows;
  }

  static test::TemporaryFolder* folder_;
  test::TemporaryFolder own_;
  FindDuplicatesOptions options_;
};
test::TemporaryFolder* FindDuplicatesTest::folder_ = nullptr;

TEST_F(FindDuplicatesTest, FindsEveryPlantedCopyAndNothingElse) {
  const FindDuplicatesReport report = RunFindDuplicates(options_);
  const auto pairs = Pairs();
  std::set<std::string> found;
  for (const auto& row : pairs) {
    ASSERT_EQ(row.size(), 11U);
    EXPECT_EQ(row[0].substr(1), row[3].substr(1)) << row[0] << " is no copy of " << row[3];
    const std::string name = row[0].substr(2);
    found.insert(name);
    EXPECT_EQ(row[1], "training");
    EXPECT_EQ(row[4], "validation");
    EXPECT_EQ(row[6], "pictures");
    EXPECT_GE(std::stod(row[7]), 0.75) << name;
    EXPECT_EQ(row[8], name == "shifted" ? "-1.0" : "0.0") << name;
    EXPECT_EQ(row[9], name.substr(0, 8) == "mirrored" ? "yes" : "no") << name;
    const bool is_part =
        name == "centre" || name == "top_left" || name == "bottom_right" || name == "mirrored_part";
    EXPECT_EQ(row[10], is_part ? "b" : "no") << name;
  }
  for (const Edit& edit : Edits()) {
    EXPECT_EQ(found.count(edit.name), 1U) << edit.name;
  }
  EXPECT_EQ(report.num_by_pictures, static_cast<int64_t>(Edits().size()));
  EXPECT_EQ(report.num_by_subsets.at("training, validation"), report.num_pairs());
  EXPECT_EQ(report.num_videos, 27);
  EXPECT_EQ(report.num_pictures, 27 * 8 - 2);
  EXPECT_EQ(report.num_missing + report.num_failed, 0);
}

TEST_F(FindDuplicatesTest, BytesDependOnNeitherThreadsNorTheKindOfFolder) {
  options_.threads = 1;
  RunFindDuplicates(options_);
  const std::string once = ReadFile(options_.out);
  options_.overwrite = true;
  options_.threads = 4;
  RunFindDuplicates(options_);
  EXPECT_EQ(ReadFile(options_.out), once);
  options_.data_dir = Path("prepared");
  RunFindDuplicates(options_);
  EXPECT_EQ(ReadFile(options_.out), once);
}

TEST_F(FindDuplicatesTest, FindsSourcesByNameWithoutFrames) {
  Manifest manifest;
  manifest.folder = own_.path();
  for (const auto& [id, subset] : {std::pair("abcdefghijk_000010_000020", Subset::kTraining),
                                   std::pair("abcdefghijk_000015_000025", Subset::kValidation),
                                   std::pair("abcdefghijk_000030_000040", Subset::kTesting)}) {
    VideoRow row;
    row.id = id;
    row.path = row.id + ".mp4";
    row.label = "film";
    row.subset = subset;
    manifest.videos.push_back(row);
  }
  options_.manifest = (own_ / "videos.tsv").string();
  WriteManifest(options_.manifest, manifest);
  const FindDuplicatesReport report = RunFindDuplicates(options_);
  EXPECT_EQ(report.num_missing, 3);
  EXPECT_THAT(ReadFile(options_.out),
              HasSubstr("abcdefghijk_000010_000020\ttraining\tfilm\tabcdefghijk_000015_000025\t"
                        "validation\tfilm\tsource\t0.500\t-5.0\tno\tno\n"));
  EXPECT_EQ(Pairs().size(), 1U);
}

TEST_F(FindDuplicatesTest, ComparesWithAnotherSetAlone) {
  Manifest all = ReadManifest(Path("videos.tsv"));
  Manifest own;
  Manifest other;
  own.folder = other.folder = all.folder;
  for (const VideoRow& row : all.videos) {
    (row.id == "a_same" || row.id == "b_wider" ? other : own).videos.push_back(row);
  }
  options_.manifest = Path("own.tsv");
  options_.against = Path("other.tsv");
  options_.against_data = Path("prepared");
  WriteManifest(options_.manifest, own);
  WriteManifest(options_.against, other);
  EXPECT_EQ(RunFindDuplicates(options_).num_pairs(), 2);
  std::set<std::string> ids;
  for (const auto& row : Pairs()) {
    ids.insert(row[0] + " " + row[3]);
  }
  EXPECT_EQ(ids, (std::set<std::string>{"a_wider b_wider", "b_same a_same"}));
}

TEST_F(FindDuplicatesTest, DropsLeaksFromASubset) {
  const fs::path kept = *folder_ / "videos.without-duplicates.tsv";
  const std::string before = ReadFile(options_.manifest);
  const fs::path missing = Path("videos.missing.tsv");
  const fs::path kept_missing = *folder_ / "videos.without-duplicates.missing.tsv";
  WriteFileAtomically(missing, "id\tlabel\tsubset\treason\nx\ta\tvalidation\tno file\n");
  Passport passport;
  passport.list = {{Passport::kOfManifest, FileIdentity(options_.manifest)}, {"format", "csv"}};
  WritePassport(Path("videos.passport.json"), passport);
  options_.drop_from = "training";
  const FindDuplicatesReport report = RunFindDuplicates(options_);
  EXPECT_EQ(ReadFile(kept_missing), ReadFile(missing));
  const Passport of_kept = ReadManifestPassport(kept).value();
  EXPECT_EQ(of_kept.list["format"], "csv");
  EXPECT_EQ(of_kept.list["dropped"], report.num_dropped);
  EXPECT_EQ(of_kept.counts.at({Subset::kValidation, "a"}).expected -
                of_kept.counts.at({Subset::kValidation, "a"}).found,
            1)
      << "the missing one";
  EXPECT_EQ(report.num_dropped, static_cast<int64_t>(Edits().size()));
  EXPECT_EQ(report.kept_manifest, kept.string());
  for (const VideoRow& row : ReadManifest(kept).videos) {
    EXPECT_NE(row.id.substr(0, 2), "a_");
  }
  EXPECT_EQ(ReadManifest(kept).videos.size(), 27U - Edits().size());
  EXPECT_EQ(ReadFile(options_.manifest), before);
  for (const fs::path& file : {kept, missing, kept_missing, ManifestPassportPath(options_.manifest),
                               ManifestPassportPath(kept)}) {
    fs::remove(file);
  }
}

std::string Fault(const FindDuplicatesOptions& options, ErrorKind kind) {
  try {
    options.Check();
    RunFindDuplicates(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "";
}

TEST_F(FindDuplicatesTest, RefusesNonsense) {
  FindDuplicatesOptions options = options_;
  options.out = options.manifest;
  options.overwrite = true;
  EXPECT_THAT(Fault(options, ErrorKind::kUsage), HasSubstr("is read as a manifest"));
  options = options_;
  WriteFileAtomically(options.out, "mine");
  EXPECT_THAT(Fault(options, ErrorKind::kUsage), HasSubstr("--overwrite"));
  EXPECT_EQ(ReadFile(options.out), "mine");
  options.out = own_.path().string();
  EXPECT_THAT(Fault(options, ErrorKind::kUsage), HasSubstr("is a folder"));
  options = options_;
  options.out = (own_ / "free.tsv").string();
  options.against = options.manifest;
  EXPECT_THAT(Fault(options, ErrorKind::kUsage), HasSubstr("--against-data"));
  options.against = "";
  options.data_dir = own_.path().string();
  EXPECT_THAT(Fault(options, ErrorKind::kInput), HasSubstr("pack-shards or prep-videos"));
}

TEST_F(FindDuplicatesTest, DropsNoSubsetEntirely) {
  Manifest manifest = ReadManifest(Path("videos.tsv"));
  manifest.videos.resize(2);  // a_same and b_same
  options_.manifest = Path("two.tsv");
  WriteManifest(options_.manifest, manifest);
  options_.drop_from = "training";
  EXPECT_THAT(Fault(options_, ErrorKind::kInput), HasSubstr("would leave no training video"));
  EXPECT_FALSE(fs::exists(options_.out));
  EXPECT_FALSE(fs::exists(*folder_ / "two.without-duplicates.tsv"));
}

TEST_F(FindDuplicatesTest, DamagedVideosAreCountedUpToALimit) {
  const fs::path prepared = own_ / "prepared";
  fs::copy(Path("prepared"), prepared);
  WriteFileAtomically(prepared / "alone_1.mkv", "no video");
  options_.data_dir = prepared.string();
  EXPECT_THAT(Fault(options_, ErrorKind::kInput), HasSubstr("1 of 27 videos"));
  EXPECT_FALSE(fs::exists(options_.out));
  options_.max_failed_fraction = 0.1;
  const FindDuplicatesReport report = RunFindDuplicates(options_);
  EXPECT_EQ(report.num_failed, 1);
  EXPECT_EQ(report.num_pairs(), static_cast<int64_t>(Edits().size()));
}

// The videos show the same persons in front of the same wall, but no video has a copy.
TEST(FindDuplicates, FindsNoPairAmongRealVideosOfOneRoom) {
  const fs::path data = test::SharedData("data/weizmann");
  if (data.empty()) {
    GTEST_SKIP() << "no ../shared/data/weizmann here";
  }
  const test::TemporaryFolder folder;
  const auto run = [&](std::vector<std::string> command) {
    command[0] = test::ToolPath(command[0]).string();
    const test::CommandResult result = test::RunCommand(command);
    ASSERT_EQ(result.exit_status, 0) << result.err;
  };
  FindDuplicatesOptions options;
  options.manifest = (folder / "videos.tsv").string();
  options.data_dir = (folder / "prepared").string();
  options.out = (folder / "pairs.tsv").string();
  run({"list-videos", data.string(), options.manifest});
  run({"prep-videos", "--height", "240", options.manifest, options.data_dir});
  EXPECT_EQ(RunFindDuplicates(options).num_pairs(), 0) << ReadFile(options.out);
}

}  // namespace
}  // namespace reel3d
