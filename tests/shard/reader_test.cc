// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/shard/video_scan.h"
#include "tests/replacing.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

class ShardReaderTest : public ::testing::Test {
 protected:
  ShardReaderTest() : shard_(test::MakeSmallShard()), file_(folder_ / "00000.h5") {
    test::WriteShard(file_, shard_);
    bytes_ = ReadFile(file_);
  }

  // Returns why `bytes` are refused as a shard, or "" if they are read and hold exactly what was
  // written. An exception other than an input error fails the test.
  std::string Outcome(const std::string& bytes) const {
    const std::filesystem::path file = folder_ / "changed.h5";
    std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<int64_t>(bytes.size()));
    try {
      const ShardReader reader(file);
      reader.Verify();
      EXPECT_EQ(ContentUuid(reader.table()), ContentUuid(shard_.table));
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("changed.h5"));
      return error.what();
    }
  }

  test::TemporaryFolder folder_;
  const test::SmallShard shard_;
  const std::filesystem::path file_;
  std::string bytes_;
};

TEST_F(ShardReaderTest, GivesBackWhatWasWritten) {
  const ShardReader reader(file_);
  const ShardTable& table = reader.table();
  EXPECT_EQ(reader.uuid(), ContentUuid(shard_.table));
  EXPECT_EQ(reader.plan(), "0123456789abcdef");
  EXPECT_EQ(table.quality, 90U);
  EXPECT_EQ(table.height, 32U);
  ASSERT_EQ(table.videos.size(), 3U);
  EXPECT_EQ(table.videos[1].id, "second");
  EXPECT_EQ(table.videos[1].label, -1);
  EXPECT_EQ(table.videos[0].restart_interval, 4);
  EXPECT_THAT(table.first_frames, ::testing::ElementsAre(0, 5, 6, 9));
  Bytes jpeg;
  for (size_t frame = 0; frame < shard_.frames.size(); ++frame) {
    reader.ReadFrame(frame, &jpeg);
    EXPECT_EQ(jpeg, shard_.frames[frame]);
  }
}

// pack-shards may publish a shard again while it is opened. Its table and its frames must be of the
// same file, also later. The load of the machine decides how often the file is replaced meanwhile.
TEST_F(ShardReaderTest, IsNeverMixedWithAnotherShardOfItsName) {
  test::SmallShard other = shard_;
  std::reverse(other.frames.begin(), other.frames.end());
  std::vector<VideoScan> scans;
  for (size_t video = 0, frame = 0; video < other.table.videos.size(); ++video) {
    VideoScan scan(other.table.videos[video]);
    while (frame < other.table.first_frames[video + 1]) {
      scan.AddFrame(other.frames[frame++]);
    }
    scans.push_back(std::move(scan));
  }
  other.table = MakeTable(scans, other.table.classes);
  test::WriteShard(folder_ / "other.h5", other);
  std::filesystem::copy_file(file_, folder_ / "shard.h5");
  const test::Replacing replacing({file_, folder_ / "other.h5"}, folder_ / "shard.h5");
  int num_read = 0;
  for (int reading = 0; reading < 300; ++reading) {
    try {
      const ShardReader reader(folder_ / "shard.h5");
      const bool is_first = reader.uuid() == ContentUuid(shard_.table);
      EXPECT_TRUE(is_first || reader.uuid() == ContentUuid(other.table));
      Bytes jpeg;
      for (size_t frame = 0; frame < shard_.frames.size(); ++frame) {
        reader.ReadFrame(frame, &jpeg);
        ASSERT_EQ(jpeg, (is_first ? shard_ : other).frames[frame]) << frame;
      }
      ++num_read;
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::kEnvironment) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("shard.h5: another file replaced it"));
    }
  }
  EXPECT_GT(num_read, 0);
}

TEST_F(ShardReaderTest, EqualContentGivesEqualBytes) {
  test::WriteShard(folder_ / "again.h5", shard_);
  EXPECT_EQ(ReadFile(folder_ / "again.h5"), bytes_);
}

// h5py, PIL and zlib wrote this shard.
TEST_F(ShardReaderTest, ReadsAShardMadeByOthers) {
  const std::filesystem::path golden = test::SourceFolder() / "tests/golden";
  const auto expected = nlohmann::json::parse(ReadFile(golden / "shard_h5py.json"));
  const ShardReader reader(golden / "shard_h5py.h5");
  const ShardTable& table = reader.table();
  EXPECT_EQ(reader.uuid(), expected["uuid"]);
  EXPECT_EQ(nlohmann::json(table.classes), expected["classes"]);
  EXPECT_EQ(nlohmann::json(table.frame_crc32), expected["frame_crc32"]);
  ASSERT_EQ(table.videos.size(), expected["videos"].size());
  for (size_t video = 0; video < table.videos.size(); ++video) {
    const ShardVideo& row = table.videos[video];
    const nlohmann::json found = {
        {"id", row.id},
        {"label", row.label},
        {"width", row.width},
        {"height", row.height},
        {"fps_num", row.fps_num},
        {"fps_den", row.fps_den},
        {"restart_interval", row.restart_interval},
        {"num_frames", table.first_frames[video + 1] - table.first_frames[video]}};
    EXPECT_EQ(found, expected["videos"][video]);
  }
  size_t frame = 0;
  for (size_t video = 0; video < table.videos.size(); ++video) {
    VideoScan scan(table.videos[video]);
    Bytes jpeg;
    for (; frame < table.first_frames[video + 1]; ++frame) {
      reader.ReadFrame(frame, &jpeg);
      EXPECT_EQ(nlohmann::json(jpeg.size()), expected["frame_sizes"][frame]);
      scan.AddFrame(jpeg);
    }
    EXPECT_EQ(scan.quality(), 90U);
    EXPECT_EQ(scan.video().restart_interval, table.videos[video].restart_interval);
  }
}

TEST_F(ShardReaderTest, OthersReadOurs) {
  if (test::RunCommand({"sh", "-c", "command -v h5dump h5repack"}).exit_status != 0) {
    GTEST_SKIP() << "no h5dump and h5repack here (Debian package hdf5-tools)";
  }
  const std::string file = file_.string();
  const auto ids = test::RunCommand({"h5dump", "-d", "/videos/id", file});
  EXPECT_EQ(ids.exit_status, 0);
  EXPECT_THAT(ids.out, HasSubstr("\"first\\000\", \"second\", \"third\\000\""));
  const auto label = test::RunCommand({"h5dump", "-d", "/videos/label", file});
  EXPECT_THAT(label.out, HasSubstr("(0): 1, -1, 0"));
  const auto layout = test::RunCommand({"h5dump", "-p", "-H", "-d", "/frames/data", file});
  EXPECT_THAT(layout.out, HasSubstr("CONTIGUOUS"));
  EXPECT_THAT(layout.out, HasSubstr("H5D_FILL_TIME_NEVER"));
  EXPECT_THAT(layout.out, HasSubstr("H5D_ALLOC_TIME_EARLY"));

  const auto offset_at = layout.out.find("OFFSET ");
  ASSERT_NE(offset_at, std::string::npos);
  EXPECT_EQ(std::stoul(layout.out.substr(offset_at + 7)) % 4096, 0U);

  const auto repacked = [&](const std::vector<std::string>& options) {
    const std::string to = (folder_ / "repacked.h5").string();
    std::vector<std::string> command = {"h5repack"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {file, to});
    EXPECT_EQ(test::RunCommand(command).exit_status, 0);
    return ReadFile(to);
  };
  const std::string remedy = "h5repack --low=1 --high=1 -l CONTI";
  EXPECT_THAT(Outcome(repacked({"--low=1", "--high=1", "-l", "CHUNK=64"})), HasSubstr(remedy));
  const std::string without_checksums = Outcome(repacked({"-l", "CONTI"}));
  EXPECT_THAT(without_checksums, HasSubstr("before 2008"));
  EXPECT_THAT(without_checksums, HasSubstr(remedy));
  EXPECT_EQ(Outcome(repacked({"--low=1", "--high=1", "-l", "CONTI"})), "");
}

TEST_F(ShardReaderTest, RefusesWhatIsNoShard) {
  EXPECT_NE(Outcome(""), "");
  EXPECT_NE(Outcome("text\n"), "");
  EXPECT_THAT(Outcome(std::string(5000, '\0')), HasSubstr("not such a file"));
  EXPECT_THROW(ShardReader(folder_ / "absent.h5"), Error);
  EXPECT_THROW(ShardReader(folder_.path()), Error);
}

TEST_F(ShardReaderTest, TruncationsAndBitFlipsAreRefusedOrHarmless) {
  ASSERT_EQ(Outcome(bytes_), "");
  Rng rng(1);
  int num_refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string changed = bytes_;
    if (round % 4 == 0) {
      changed.resize(static_cast<size_t>(rng.Below(static_cast<int64_t>(bytes_.size()))));
    } else {
      const auto at = static_cast<size_t>(rng.Below(static_cast<int64_t>(bytes_.size())));
      changed[at] = static_cast<char>(changed[at] ^ (1 << rng.Below(8)));
    }
    num_refused += Outcome(changed).empty() ? 0 : 1;
  }
  EXPECT_GE(num_refused, 50);  // all cut files, and some flipped bits
}

TEST_F(ShardReaderTest, EveryBitOfTheFramesCounts) {
  const Bytes& frame = shard_.frames[3];
  const size_t begin = bytes_.find(std::string(frame.begin(), frame.end()));
  ASSERT_NE(begin, std::string::npos);
  for (size_t at = begin; at < begin + frame.size(); at += 41) {
    std::string changed = bytes_;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_THAT(Outcome(changed), HasSubstr("frame 3 does not match its checksum"));
  }
}

// If any count or offset in the file's own structures is a lie, no memory is allocated for it.
TEST_F(ShardReaderTest, HostileCountsAreRefused) {
  const auto little_endian = [](uint64_t value) {
    std::string text;
    for (int byte = 0; byte < 8; ++byte) {
      text.push_back(static_cast<char>(value >> (8 * byte) & 0xFF));
    }
    return text;
  };
  const ShardTable& table = shard_.table;
  int num_lies = 0;
  for (const uint64_t count : {table.num_frames(), table.num_frames() + 1, table.data_bytes(),
                               uint64_t{3}, uint64_t{4}, uint64_t{2}}) {
    const std::string truth = little_endian(count);
    for (size_t at = 0; (at = bytes_.find(truth, at)) != std::string::npos; ++at) {
      for (const uint64_t lie : {uint64_t{0}, uint64_t{1} << 20, uint64_t{1} << 40,
                                 uint64_t{1} << 61, (uint64_t{1} << 63) - 1, UINT64_MAX}) {
        std::string changed = bytes_;
        changed.replace(at, 8, little_endian(lie));
        Outcome(changed);
        ++num_lies;
      }
    }
  }
  EXPECT_GE(num_lies, 100);
}

TEST_F(ShardReaderTest, AnUnfinishedShardHasNoName) {
  {
    ShardWriter writer(folder_ / "half.h5", shard_.table, "");
    writer.Append(shard_.frames[0]);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "half.h5"));
  ShardWriter changed(folder_ / "half.h5", shard_.table, "");
  EXPECT_THROW(changed.Append(shard_.frames[1]), Error);
  EXPECT_THROW(changed.Publish(), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "half.h5"));
}

// A limit on file sizes stands in for the full disk.
TEST_F(ShardReaderTest, AFullDiskIsAnEnvironmentErrorAndLeavesNothing) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto size = static_cast<rlim_t>(bytes_.size());
  for (const rlim_t limit : {rlim_t{0}, rlim_t{100}, size / 4, size / 2, size - 1}) {
    const rlimit small = {limit, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    ErrorKind kind = ErrorKind::kInternal;
    std::string message = "nothing was thrown";
    try {
      test::WriteShard(folder_ / "full.h5", shard_);
    } catch (const Error& error) {
      kind = error.kind();
      message = error.what();
    }
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(kind, ErrorKind::kEnvironment) << limit;
    EXPECT_THAT(message, HasSubstr("full.h5"));
    EXPECT_THAT(message, HasSubstr("File too large"));
    const std::filesystem::directory_iterator files(folder_.path());
    EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "something was left";
  }
}

}  // namespace
}  // namespace reel3d
