// Tests how a stage tells its own folder from those of others.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/folder_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "pipeline/support/stage_output.h"
#include "tests/pipeline/stage_run.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::RunIn;

// A stage may replace and remove files in its own folder, but not in other folders.
TEST(OwnFolder, LeavesOtherPeoplesFoldersAlone) {
  const test::TemporaryFolder folder;
  fs::create_directories(folder / "theirs");
  WriteFileAtomically(folder / "theirs" / "00000.h5", "years of work");
  for (const bool overwrite : {false, true}) {
    EXPECT_THROW(StageOutput(RunIn(folder / "theirs", "", overwrite)), Error);
    EXPECT_EQ(ReadFile(folder / "theirs" / "00000.h5"), "years of work");
    EXPECT_FALSE(fs::exists(folder / "theirs" / "settings.ini"));
  }
}

// Another task writes its settings, and then other files, at any moment of the check.
TEST(OwnFolder, ATaskThatStartsMeanwhileIsNoStranger) {
  const test::TemporaryFolder folder;
  for (int start = 0; start < 300; ++start) {
    const fs::path out = folder / std::to_string(start);
    fs::create_directory(out);
    std::atomic<bool> is_over = false;
    std::thread other([&] {
      std::ofstream(out / "settings.ini").close();
      std::ofstream(out / "config.ini").close();
      is_over = true;
    });
    while (!is_over) {
      EXPECT_NO_THROW(RequireOwnFolder(out, "prep-videos"));
    }
    other.join();
  }
}

// The stage must notice at its start if a folder has the name of one of its files, not at its end.
TEST(OwnFolder, RefusesFoldersThatHaveTheNamesOfItsFiles) {
  for (const char* name : {"settings.ini", "config.ini", "failed.tsv", "report.json", "DONE"}) {
    const test::TemporaryFolder folder;
    const fs::path out = folder / "out";
    StageOutput(RunIn(out, "height = 1\n")).Finish({}, {});
    fs::remove(out / name);
    fs::create_directory(out / name);
    for (const bool overwrite : {false, true}) {
      try {
        const StageOutput again(RunIn(out, "height = 1\n", overwrite));
        ADD_FAILURE() << name;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kInput);
        EXPECT_THAT(error.what(), testing::HasSubstr((out / name).string() + " is a folder"));
      }
    }
  }
}

// A report with many warnings is large, and the stage must still read its tool's name.
TEST(OwnFolder, OverwritingSparesWhatAnotherStageMadeHoweverLargeItsReport) {
  const test::TemporaryFolder folder;
  const fs::path out = folder / "out";
  StageOutput(RunIn(out, "height = 1\n")).Finish({{"warnings", std::string(2 << 20, 'x')}}, {});
  StageRun other = RunIn(out, "shard-size = 1\n", /*overwrite=*/true);
  other.tool = "pack-shards";
  EXPECT_THROW(StageOutput{other}, Error);
  EXPECT_EQ(ReadFile(out / "settings.ini"), FormatSettingsFile("height = 1\n"));
}

// Later versions may have stages that this version does not know. If the report cannot be read, the
// folder may belong to anybody.
TEST(OwnFolder, OverwritingSparesAFolderOfAnUnknownToolOrWithoutAReadableReport) {
  for (const bool is_readable : {true, false}) {
    const test::TemporaryFolder folder;
    const fs::path out = folder / "out";
    StageOutput(RunIn(out, "height = 1\n")).Finish({}, {});
    fs::remove(out / "report.json");
    if (is_readable) {
      WriteFileAtomically(out / "report.json", R"({"tool": "later-stage"})");
    } else {
      fs::create_directory(out / "report.json");
    }
    EXPECT_THROW(StageOutput(RunIn(out, "height = 2\n", /*overwrite=*/true)), Error);
    EXPECT_EQ(ReadFile(out / "settings.ini"), FormatSettingsFile("height = 1\n"));
  }
}

TEST(OwnFolder, IsKnownForAStagesFolder) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(MakerOfFolder(folder / "absent"), "");
  WriteFileAtomically(folder / "settings.ini", "theirs = 1\n");
  EXPECT_EQ(MakerOfFolder(folder.path()), "") << "somebody's own settings";
  const StageOutput output(RunIn(folder / "out", "height = 1\n"));
  EXPECT_NE(MakerOfFolder(folder / "out"), "") << "not finished";
  output.Finish({}, {});
  EXPECT_EQ(MakerOfFolder(folder / "out"), "prep-videos");
}

}  // namespace
}  // namespace reel3d
