// Runs several prep-videos that share their work, with kills, beside one that works alone.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/data/manifest.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kNumVideos = 14;
constexpr int kBroken = 3;

void WriteVideos(const test::TemporaryFolder& folder) {
  Manifest manifest;
  for (int i = 0; i < kNumVideos; ++i) {
    VideoRow row;
    row.id = fmt::format("v{:02}", i);
    row.path = row.id + ".mkv";
    row.label = i % 2 == 0 ? "jump" : "wave";
    if (i == kBroken) {
      WriteFileAtomically(folder / row.path, "no video");
    } else {
      test::WriteSample(folder / row.path, test::Lossless(64, 48), 10 + i,
                        test::NumberedFrames(64, 48));
    }
    manifest.videos.push_back(row);
  }
  WriteManifest(folder / "videos.tsv", manifest);
}

std::vector<std::string> Prep(const test::TemporaryFolder& folder, const std::string& out,
                              const std::vector<std::string>& options) {
  std::vector<std::string> command = {test::ToolPath("prep-videos").string(),
                                      "--height",
                                      "32",
                                      "--max-failed-fraction",
                                      "0.5",
                                      "--threads",
                                      "1"};
  command.insert(command.end(), options.begin(), options.end());
  command.push_back((folder / "videos.tsv").string());
  command.push_back((folder / out).string());
  return command;
}

int DeadProcess() {
  const pid_t child = fork();
  if (child == 0) {
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  return child;
}

std::map<std::string, std::string> Results(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name != "report.json" && name != "config.ini") {
      files[name] = test::ReadBytes(entry.path());
    }
  }
  return files;
}

TEST(ShareWork, SeveralTasksGiveTheBytesOfOne) {
  const test::TemporaryFolder folder;
  WriteVideos(folder);
  const test::CommandResult alone = test::RunCommand(Prep(folder, "alone", {}));
  ASSERT_EQ(alone.exit_status, 0) << alone.err;
  const std::vector<std::string> shared = Prep(folder, "shared", {"--share-work", "100"});
  for (int kills = 0; kills < 4; ++kills) {
    test::RunAndKill(shared, (folder / "shared").string(), 0.02 * (kills + 1));
  }
  for (const test::CommandResult& result : test::RunAtOnce(shared, 3)) {
    EXPECT_EQ(result.exit_status, 0) << result.err;
  }
  EXPECT_EQ(Results(folder / "shared"), Results(folder / "alone"));
  EXPECT_TRUE(fs::exists(folder / "shared/tasks/0013-of-0014/DONE"));
  EXPECT_FALSE(fs::exists(folder / "shared/leases"));
}

// A killed task leaves the temporary file of a report. Whoever does the slice removes it.
TEST(ShareWork, NothingOfAKilledTaskStaysInItsSlice) {
  const test::TemporaryFolder folder;
  WriteVideos(folder);
  const std::vector<std::string> shared = Prep(folder, "shared", {"--share-work", "100"});
  ASSERT_EQ(test::RunCommand(shared).exit_status, 0);
  const fs::path slice = folder / "shared/tasks/0002-of-0014";
  fs::remove(slice / "DONE");
  const std::string killed = fmt::format(".report.json.tmp-{}-{}-0", HostName(), DeadProcess());
  WriteFileAtomically(slice / killed, "half a report");
  ASSERT_EQ(test::RunCommand(shared).exit_status, 0);
  EXPECT_TRUE(fs::exists(slice / "DONE"));
  EXPECT_FALSE(fs::exists(slice / killed));
}

TEST(ShareWork, WhatDoesNotGoTogetherIsRefused) {
  const test::TemporaryFolder folder;
  WriteVideos(folder);
  const auto refusal = [&](const std::vector<std::string>& options) {
    const test::CommandResult result = test::RunCommand(Prep(folder, "out", options));
    EXPECT_EQ(result.exit_status, 2);
    EXPECT_FALSE(fs::exists(folder / "out"));
    return result.err;
  };
  EXPECT_THAT(refusal({"--share-work", "4", "--task", "1"}), HasSubstr("leave out one of the two"));
  EXPECT_THAT(refusal({"--share-work", "4", "--overwrite"}), HasSubstr("remove OUT_DIR first"));
}

}  // namespace
}  // namespace reel3d
