// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/event_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <numeric>

#include "lib/base/file.h"
#include "lib/train/log/tensorboard_log.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// The golden file has the same events, written by tests/golden/make_event_golden.py with
// TensorBoard's own code.
TEST(EventFile, HasTheBytesOfTensorBoardsOwnWriter) {
  std::string bytes(256, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string ours = VersionEvent(1.5e9) + StartEvent(1500000001.25, 301) +
                           PictureEvent(1500000002, 0, "s", {300, 150, bytes}) +
                           ScalarsEvent(1500000003, 5, {{"curve/loss", 0.1}, {"curve/zero", 0}}) +
                           ScalarsEvent(1500000004, int64_t{1} << 40, {{"curve/loss", nan}});
  EXPECT_EQ(ours, ReadFile(test::SourceFolder() / "tests/golden/tensorboard_events.bin"));
}

TEST(EventFile, IsCutBehindAStepAndBeforeDamage) {
  const std::string upto5 = VersionEvent(1) + ScalarsEvent(2, 300, {{"a", 1}});
  const std::string torn = ScalarsEvent(3, 301, {{"a", 2}});
  for (size_t size = 0; size <= torn.size(); ++size) {
    const std::string file = upto5 + torn.substr(0, size);
    EXPECT_EQ(SizeOfEventsUpTo(file, 300), upto5.size());
    EXPECT_FALSE(IsDamagedAt(file, upto5.size())) << "torn";
    EXPECT_EQ(SizeOfEventsUpTo(file, 301), size == torn.size() ? file.size() : upto5.size());
  }
  EXPECT_EQ(SizeOfEventsUpTo(upto5, 299), VersionEvent(1).size());
  for (size_t at = 0; at < torn.size(); ++at) {
    std::string damaged = torn;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    EXPECT_EQ(SizeOfEventsUpTo(upto5 + damaged, 1000), upto5.size()) << at;
    EXPECT_TRUE(IsDamagedAt(upto5 + damaged, upto5.size())) << at;
  }
}

std::vector<fs::path> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  return files;
}

TEST(TensorBoardLog, GoesOnBehindTheCheckpoint) {
  const test::TemporaryFolder folder;
  TensorBoardLog(folder.path(), -1).Add(0, {{"a", 1}});
  ASSERT_EQ(FilesIn(folder.path()).size(), 1U);
  const fs::path first = FilesIn(folder.path())[0];
  const size_t size_at_0 = fs::file_size(first);
  {
    std::ofstream more(first, std::ios::app | std::ios::binary);
    more << ScalarsEvent(1, 10, {{"a", 2}}) << "torn";
  }
  const fs::path old = folder / "events.out.tfevents.0000000001.host.1";
  fs::rename(first, old);
  TensorBoardLog(folder.path(), 9);
  EXPECT_EQ(fs::file_size(old), size_at_0);
  EXPECT_EQ(FilesIn(folder.path()).size(), 2U);
  TensorBoardLog(folder.path(), -1);  // a run that starts again from the beginning
  EXPECT_FALSE(fs::exists(old));
  EXPECT_EQ(FilesIn(folder.path()).size(), 1U);
}

TEST(TensorBoardLog, SaysWhatIsLost) {
  const auto said_of = [](const std::string& bytes, int64_t last_step) {
    const test::TemporaryFolder folder;
    WriteFileAtomically(folder / "events.out.tfevents.0000000001.host.1", bytes);
    testing::internal::CaptureStderr();
    const TensorBoardLog log(folder.path(), last_step);
    return testing::internal::GetCapturedStderr();
  };
  const std::string point = ScalarsEvent(2, 5, {{"a", 1}});
  const std::string good = VersionEvent(1) + point;
  EXPECT_EQ(said_of(good + point.substr(0, 20), 9), "") << "a kill tears the last one";
  EXPECT_NE(said_of(good + std::string(99, '\0'), 9).find("damaged behind its first"),
            std::string::npos);
  EXPECT_NE(said_of("garbage that is long enough", 9).find("holds no points up to step 9"),
            std::string::npos);
  EXPECT_NE(said_of("", 9).find("holds no points up to step 9"), std::string::npos);
  EXPECT_EQ(said_of("garbage that is long enough", -1), "") << "a run that begins";
}

}  // namespace
}  // namespace reel3d
