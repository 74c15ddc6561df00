// Runs the same command twice at the same time, as if a job were submitted twice. Without locks, no
// harm may be done.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "lib/video/prepared_video.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

constexpr int kNumVideos = 6;

void WriteVideos(const test::TemporaryFolder& folder) {
  Manifest manifest;
  for (int i = 0; i < kNumVideos; ++i) {
    VideoRow row;
    row.id = fmt::format("v{}", i);
    row.path = row.id + ".mkv";
    row.label = i % 2 == 0 ? "jump" : "wave";
    test::WriteSample(folder / row.path, test::Lossless(64, 48), 10 + i,
                      test::NumberedFrames(64, 48));
    manifest.videos.push_back(row);
  }
  WriteManifest(folder / "videos.tsv", manifest);
  WriteFileAtomically(folder / "classes.txt", "jump\nwave\n");
}

// Returns the results of a stage, without its report, which holds times.
Files Results(const fs::path& folder) {
  Files files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name != "report.json" && name != "config.ini") {
      files[name] = test::ReadBytes(entry.path());
    }
  }
  return files;
}

// Both processes must succeed, with the same results as a single process.
void RunTwice(const std::vector<std::string>& command, const fs::path& out, const Files& expected,
              int round) {
  std::vector<std::string> to_out = command;
  to_out.push_back(out.string());
  test::CommandResult first;
  std::thread other([&] { first = test::RunCommand(to_out); });
  // The second process starts 0 to 147 ms after the first.
  std::this_thread::sleep_for(std::chrono::milliseconds(round * round * 3));
  const test::CommandResult second = test::RunCommand(to_out);
  other.join();
  EXPECT_EQ(first.exit_status, 0) << first.err;
  EXPECT_EQ(second.exit_status, 0) << second.err;
  EXPECT_EQ(Results(out), expected);
}

TEST(TwoAtOnceTest, TheSameBytesAsOne) {
  const test::TemporaryFolder folder;
  WriteVideos(folder);
  const std::string manifest = (folder / "videos.tsv").string();
  const std::vector<std::string> prep = {test::ToolPath("prep-videos").string(), "--height", "32",
                                         manifest};
  const std::vector<std::string> pack = {test::ToolPath("pack-shards").string(), manifest,
                                         (folder / "prepared").string()};
  for (const auto& [command, name] : {std::pair(prep, "prepared"), std::pair(pack, "shards")}) {
    std::vector<std::string> alone = command;
    alone.push_back((folder / name).string());
    const test::CommandResult result = test::RunCommand(alone);
    ASSERT_EQ(result.exit_status, 0) << result.err;
    const Files expected = Results(folder / name);
    ASSERT_GE(expected.size(), 4U);
    for (int round = 0; round < 8; ++round) {
      SCOPED_TRACE(fmt::format("{}, round {}", name, round));
      RunTwice(command, folder / fmt::format("{}{}", name, round), expected, round);
    }
  }
}

// The first process gets the folder, and the other is refused. Results are not mixed.
TEST(TwoAtOnceTest, WithOtherSettingsOneIsRefused) {
  const test::TemporaryFolder folder;
  WriteVideos(folder);
  const auto prep = [&](const std::string& height, const fs::path& out) {
    return test::RunCommand({test::ToolPath("prep-videos").string(), "--height", height,
                             (folder / "videos.tsv").string(), out.string()});
  };
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE(fmt::format("round {}", round));
    const fs::path out = folder / fmt::format("mixed{}", round);
    test::CommandResult first;
    std::thread other([&] { first = prep("32", out); });
    std::this_thread::sleep_for(std::chrono::milliseconds(round / 2));
    const test::CommandResult second = prep("48", out);
    other.join();
    ASSERT_EQ(first.exit_status + second.exit_status, kExitUsage) << first.err << second.err;
    EXPECT_THAT(first.err + second.err, testing::HasSubstr("was made with other settings"));
    const int height = first.exit_status == 0 ? 32 : 48;
    for (int i = 0; i < kNumVideos; ++i) {
      const PreparedVideoReader reader(out / fmt::format("v{}.mkv", i));
      EXPECT_EQ(reader.info().height, height);
    }
  }
}

}  // namespace
}  // namespace reel3d
