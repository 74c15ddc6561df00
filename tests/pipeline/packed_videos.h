// Twelve small prepared videos with their manifest, for the tests of pack-shards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "lib/video/prepared_video.h"
#include "pipeline/stages/pack_shards.h"
#include "pipeline/support/item_loop.h"
#include "tests/frames/jpeg_pictures.h"
#include "tests/test_support.h"

namespace reel3d::test {
namespace fs = std::filesystem;

using Files = std::map<std::string, std::string>;

inline constexpr int kNumVideos = 12;
inline constexpr int kWidth = 320;
inline constexpr int kHeight = 240;

class PackedVideos : public ::testing::Test {
 protected:
  PackedVideos() {
    options_.manifest = (folder_ / "videos.tsv").string();
    options_.prepared_dir = (folder_ / "prepared").string();
    options_.out_dir = (folder_ / "shards").string();
    options_.shard_size = 1;
    fs::create_directories(options_.prepared_dir);
    for (int video = 0; video < kNumVideos; ++video) {
      AddRow(fmt::format("video{:02}", video), video % 3 == 0 ? "wave" : "jump");
      Prepare(video, 8 + video % 4);
    }
    WriteInputs();
  }

  void AddRow(const std::string& id, const std::string& label) {
    VideoRow row;
    row.id = id;
    row.path = id + ".mp4";
    row.label = label;
    row.subset = rows_.videos.size() % 4 == 0 ? Subset::kValidation : Subset::kTraining;
    rows_.videos.push_back(row);
  }
  void WriteInputs() {
    WriteManifest(options_.manifest, rows_);
    WriteClasses(folder_ / "classes.txt", {"jump", "wave"});
    WriteFileAtomically(Prepared("failed.tsv"), FormatFailedItems({}));
    WriteFileAtomically(Prepared("DONE"), "");
  }
  std::filesystem::path Prepared(const std::string& name) const {
    return std::filesystem::path(options_.prepared_dir) / name;
  }
  static std::vector<uint8_t> Frame(int video, int frame) {
    return MakeJpeg({kWidth, kHeight}, video * 100 + frame);
  }
  void Prepare(int video, int num_frames) {
    const std::filesystem::path file = Prepared(fmt::format("video{:02}.mkv", video));
    PreparedVideoWriter writer(file, {kWidth, kHeight, 25, 1});
    for (int frame = 0; frame < num_frames; ++frame) {
      writer.Write(Frame(video, frame), frame / 25.0);
    }
    writer.Finish();
  }

  // Returns the files that readers use, without config.ini, settings.ini and report.json.
  static Files Contents(const std::filesystem::path& folder) {
    Files files;
    for (const std::filesystem::directory_entry& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name != "config.ini" && name != "report.json" && name != "settings.ini") {
        files[name] = ReadFile(entry.path());
      }
    }
    return files;
  }
  // Returns the names of files that differ. Their contents would be too long for the log.
  static std::vector<std::string> Differences(const Files& a, const Files& b) {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : a) {
      const auto other = b.find(name);
      if (other == b.end() || other->second != bytes) {
        names.push_back(name);
      }
    }
    for (const auto& [name, bytes] : b) {
      if (a.count(name) == 0) {
        names.push_back(name);
      }
    }
    return names;
  }
  std::string Complaint(ErrorKind kind = ErrorKind::kInput) const {
    try {
      RunPackShards(options_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      return error.what();
    }
    return "nothing was thrown";
  }

  TemporaryFolder folder_;
  Manifest rows_;
  PackShardsOptions options_;
};

}  // namespace reel3d::test
