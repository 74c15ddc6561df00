// A damaged or hostile same_content.tsv leads to a warning. It must not stop or delay a tool.
// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/data_doubts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/shard/equal_frames.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kHeader = "validation_id\ttraining_id\n";

class DataDoubtsTest : public testing::Test {
 protected:
  DataDoubtsTest() {
    std::vector<IndexedVideo> videos;
    for (int i = 0; i < 4; ++i) {
      IndexedVideo video;
      video.video_index = i;
      video.id = std::string(1, static_cast<char>('a' + i));
      video.label = i % 2;
      video.subset = i < 2 ? Subset::kTraining : Subset::kValidation;
      video.num_frames = 16;
      videos.push_back(video);
    }
    WriteIndex(folder_ / "index.tsv", videos);
    WriteShardList(folder_ / "shards.tsv", {{0, "0123456789abcdef0123456789abcdef"}});
    WriteClasses(folder_ / "classes.txt", {"jump", "wave"});
    WriteMissing(folder_ / "missing.tsv", {});
    WriteChecksums();
  }

  void WriteChecksums() const {
    WriteFileAtomically(folder_ / "DONE", FormatTableChecksums(folder_.path()));
  }

  std::vector<Doubt> Doubts() const { return DataDoubts(ShardSet(folder_.path())); }
  std::vector<Doubt> DoubtsWith(const std::string& text) const {
    WriteFileAtomically(file_, text);
    return Doubts();
  }
  static auto CannotBeRead(const std::string& why) {
    return ElementsAre(AllOf(
        Field(&Doubt::kind, DoubtKind::kUnreadable),
        Field(&Doubt::text, AllOf(HasSubstr("same_content.tsv cannot be read: "), HasSubstr(why),
                                  HasSubstr("; pack again to know"), Not(HasSubstr("\n")),
                                  testing::ResultOf([](const std::string& t) { return t.size(); },
                                                    testing::Lt(2000U))))));
  }

  test::TemporaryFolder folder_;
  fs::path file_ = folder_ / kEqualFramesFile;
};

TEST_F(DataDoubtsTest, AreNoneWithoutTheFile) { EXPECT_THAT(Doubts(), IsEmpty()); }

TEST_F(DataDoubtsTest, NameThePairsOfTheFile) {
  WriteFileAtomically(file_, std::string(kHeader) + "c\ta\nd\tb\n");
  WriteChecksums();
  EXPECT_THAT(Doubts(),
              ElementsAre(Field(&Doubt::text, HasSubstr("2 of the videos held out have the frames "
                                                        "of training videos, so that what is "
                                                        "judged was trained on: c = a, d = b"))));
  WriteFileAtomically(file_, "\xEF\xBB\xBFvalidation_id\ttraining_id\r\nc\ta\r\n");
  WriteChecksums();
  EXPECT_THAT(Doubts(), ElementsAre(Field(&Doubt::kind, DoubtKind::kCopies)));
}

TEST_F(DataDoubtsTest, ADamagedTableIsADoubt) {
  const std::string header = kHeader;
  EXPECT_THAT(DoubtsWith(""), CannotBeRead("header"));
  EXPECT_THAT(DoubtsWith(header.substr(0, 9)), CannotBeRead("header"));
  EXPECT_THAT(DoubtsWith(header + "c\n"), CannotBeRead(":2: has 1 fields"));
  EXPECT_THAT(DoubtsWith(header + "c\ta\tb\n"), CannotBeRead("has at least 3 fields"));
  EXPECT_THAT(DoubtsWith(header + "c\t\xFF\n"), CannotBeRead("is not UTF-8"));
  EXPECT_THAT(DoubtsWith(header + std::string("c\t\0a\n", 5)), CannotBeRead("control character"));
  EXPECT_THAT(DoubtsWith("\xFF\xFEv"), CannotBeRead("UTF-16"));
}

TEST_F(DataDoubtsTest, ALostOrEditedTableIsADoubt) {
  const std::string header = kHeader;
  EXPECT_THAT(DoubtsWith(header + "c\ta\n"), CannotBeRead("is not what pack-shards wrote"));
  WriteFileAtomically(file_, header + "c\ta\nd\tb\n");
  WriteChecksums();
  EXPECT_THAT(DoubtsWith(header + "c\ta\n"), CannotBeRead("is not what pack-shards wrote"));
  EXPECT_THAT(DoubtsWith(header), CannotBeRead("is not what pack-shards wrote"));
  fs::remove(file_);
  EXPECT_THAT(Doubts(), CannotBeRead("is lost"));
}

TEST_F(DataDoubtsTest, AFolderOfAnOlderVersionIsADoubt) {
  WriteFileAtomically(folder_ / "DONE", "");
  fs::remove(folder_ / "missing.tsv");
  EXPECT_THAT(Doubts(),
              ElementsAre(AllOf(Field(&Doubt::kind, DoubtKind::kUnreadable),
                                Field(&Doubt::text, AllOf(HasSubstr("missing.tsv"),
                                                          HasSubstr("the same command again"))))));
}

// A table from an earlier packing or another folder does not apply to these videos.
TEST_F(DataDoubtsTest, ATableOfOtherVideosIsADoubt) {
  const std::string header = kHeader;
  EXPECT_THAT(DoubtsWith(header + "x\ta\n"), CannotBeRead("no validation video of that id"));
  EXPECT_THAT(DoubtsWith(header + "c\tx\n"), CannotBeRead("no training video of that id"));
  EXPECT_THAT(DoubtsWith(header + "a\tc\n"), CannotBeRead("no validation video of that id"));
}

TEST_F(DataDoubtsTest, BinaryBytesReachNoTerminal) {
  std::string bytes;
  for (int i = 0; i < 400; ++i) {
    bytes += static_cast<char>(i * 37);
  }
  const std::vector<Doubt> doubts = DoubtsWith(bytes);
  EXPECT_THAT(doubts, CannotBeRead("header"));
  for (const unsigned char c : doubts.front().text) {
    EXPECT_TRUE(c >= 0x20 && c != 0x7F) << static_cast<int>(c);
  }
}

TEST_F(DataDoubtsTest, AnEndlessLineOrAHugeFileIsNotReadWhole) {
  EXPECT_THAT(DoubtsWith(std::string(10'000'000, 'x')), CannotBeRead("more than"));
  EXPECT_THAT(DoubtsWith(std::string(500, 'x')), CannotBeRead("header"));
  fs::resize_file(file_, uintmax_t{1} << 40);
  EXPECT_THAT(Doubts(), CannotBeRead("more than"));
}

TEST_F(DataDoubtsTest, WhatIsNoFileIsADoubt) {
  fs::create_directory(file_);
  EXPECT_THAT(Doubts(), CannotBeRead("not a regular file"));
  fs::remove(file_);
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  EXPECT_THAT(Doubts(), CannotBeRead("not a regular file"));
  fs::remove(file_);
  fs::create_symlink("/dev/zero", file_);
  EXPECT_THAT(Doubts(), CannotBeRead("not a regular file"));
  fs::remove(file_);
  fs::create_symlink("nowhere", file_);
  EXPECT_THAT(Doubts(), CannotBeRead("No such file"));
  fs::remove(file_);
  fs::create_symlink(kEqualFramesFile, file_);
  EXPECT_THAT(Doubts(), CannotBeRead("symbolic links"));
}

TEST_F(DataDoubtsTest, ASocketIsADoubt) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_GE(descriptor, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(file_.native().size(), sizeof(address.sun_path));
  file_.native().copy(address.sun_path, file_.native().size());
  ASSERT_EQ(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_THAT(Doubts(), CannotBeRead(""));
  close(descriptor);
}

TEST_F(DataDoubtsTest, AFileThatIsNotOursToReadIsADoubt) {
  if (geteuid() == 0) {
    GTEST_SKIP() << "root may read every file";
  }
  WriteFileAtomically(file_, kHeader);
  fs::permissions(file_, fs::perms::none);
  EXPECT_THAT(Doubts(), CannotBeRead("Permission denied"));
}

}  // namespace
}  // namespace reel3d
