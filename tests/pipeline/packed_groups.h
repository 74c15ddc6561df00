// Fourteen videos for pack-videos, with what prep-videos and pack-shards make of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d::test {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;
using Words = std::vector<std::string>;

constexpr int kNumVideos = 14;
constexpr int kBroken = 3;
constexpr int kWidth = 160, kHeight = 120;

// Frames of noise, so that a group of five videos fills more than one shard of 1 MiB.
inline PaintFrame Noise(uint64_t seed) {
  return [seed](int number, std::vector<uint8_t>* pixels) {
    Rng rng(seed, static_cast<uint64_t>(number));
    for (int i = 0; i < kWidth * kHeight; ++i) {
      (*pixels)[static_cast<size_t>(i)] = static_cast<uint8_t>(rng.Below(256));
    }
  };
}

class PackVideosTest : public testing::Test {
 protected:
  // Rows 4 and 5 are parts of one file, so the groups of five rows begin at rows 0, 6 and 11.
  PackVideosTest() {
    for (int i = 0; i < kNumVideos; ++i) {
      VideoRow row;
      row.id = fmt::format("v{:02}", i);
      row.path = fmt::format("v{:02}.mkv", i == 5 ? 4 : i);
      row.label = i % 2 == 0 ? "jump" : "wave";
      row.subset = i % 4 == 0 ? Subset::kValidation : Subset::kTraining;
      if (i == 4 || i == 5) {
        row.begin_s = i == 4 ? 0 : 0.3;
        row.end_s = i == 4 ? 0.8 : 1.2;
      }
      manifest_.videos.push_back(row);
      if (i != 5) {
        WriteVideo(i);
      }
    }
    WriteFileAtomically(folder_ / "v03.mkv", "no video");
    WriteManifest(folder_ / "videos.tsv", manifest_);
    WriteClasses(folder_ / "classes.txt", {"jump", "wave"});
    WriteFileAtomically(
        MissingFilesPath(folder_ / "videos.tsv"),
        FormatMissingFiles({{"a_lost_one", "jump", Subset::kValidation, "not on disk"}}));
    fs::create_directory(folder_ / "scratch");
  }

  // Video 12, of validation, is a copy of video 2, of training.
  void WriteVideo(int i) const {
    const int painted = i == 12 ? 2 : i;
    WriteSample(folder_ / fmt::format("v{:02}.mkv", i), Lossless(kWidth, kHeight), 12 + painted,
                Noise(static_cast<uint64_t>(painted)));
  }

  Words Command(const std::string& tool, const Words& options, const Words& folders) const {
    Words command = {ToolPath(tool).string(), "--max-failed-fraction", "0.5", "--threads", "2"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back((folder_ / "videos.tsv").string());
    for (const std::string& name : folders) {
      command.push_back((folder_ / name).string());
    }
    return command;
  }
  Words PackVideos(const std::string& out, const Words& more = {}) const {
    Words options = {"--height",       "120", "--shard-size", "1",
                     "--group-videos", "5",   "--scratch",    (folder_ / "scratch").string()};
    options.insert(options.end(), more.begin(), more.end());
    return Command("pack-videos", options, {out});
  }
  static CommandResult Succeed(const Words& command) {
    CommandResult result = RunCommand(command);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return result;
  }
  // Returns the results of prep-videos and pack-shards.
  Files TwoSteps(const std::string& name) const {
    Succeed(Command("prep-videos", {"--height", "120"}, {name + "-prepared"}));
    Succeed(Command("pack-shards", {"--shard-size", "1", "--group-videos", "5"},
                    {name + "-prepared", name}));
    return Results(name);
  }
  // Returns the files of a folder, without those that name the tool or hold times.
  Files Results(const std::string& name) const {
    Files files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / name)) {
      const std::string file = entry.path().filename().string();
      if (entry.is_regular_file() && file != "report.json" && file != "config.ini" &&
          file != "settings.ini") {
        files[file] = ReadBytes(entry.path());
      }
    }
    return files;
  }
  static Words NamesOf(const Files& files) {
    Words names;
    for (const auto& [name, bytes] : files) {
      names.push_back(name);
    }
    return names;
  }
  // Compares without printing the bytes of shards.
  static void ExpectEqual(const Files& found, const Files& expected) {
    EXPECT_EQ(NamesOf(found), NamesOf(expected));
    for (const auto& [name, bytes] : expected) {
      const auto other = found.find(name);
      EXPECT_TRUE(other != found.end() && other->second == bytes) << name << " differs";
    }
  }
  bool ScratchIsEmpty() const { return fs::is_empty(folder_ / "scratch"); }

  TemporaryFolder folder_;
  Manifest manifest_;
};

}  // namespace reel3d::test
