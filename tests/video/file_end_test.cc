// Tests the functions that walk over the parts of a file. The files consist of parts without a
// video, and nothing is decoded.
// SPDX-License-Identifier: Apache-2.0
#include "lib/video/file_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using testing::HasSubstr;
using Kind = FileEnd::Kind;

FileEnd EndOf(const std::string& bytes, const std::string& container) {
  const test::TemporaryFolder folder;
  test::WriteBytes(folder / "file", bytes);
  AVIOContext* io = nullptr;
  ffmpeg::Check(
      avio_open2(&io, ffmpeg::FileUrl(folder / "file").c_str(), AVIO_FLAG_READ, nullptr, nullptr),
      "file");
  const ffmpeg::Handle<AVIOContext> owner(io);
  return FindFileEnd(io, container);
}

std::string Repeated(const std::string& part, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes += part;
  }
  return bytes;
}

// Returns the key of a part of an MXF file.
std::string Key() { return "\x06\x0E\x2B\x34" + std::string(12, '\1'); }

// Returns an MXF partition pack, followed by its footer.
std::string MxfWithFooter(const std::string& footer) {
  constexpr char kPack = 88;
  std::string bytes = Key() + kPack + std::string(kPack, '\0');
  bytes[17 + 24 + 7] = static_cast<char>(bytes.size());
  return bytes + footer;
}

// The length of a part takes one byte, or one byte that gives the number of further bytes.
TEST(FileEnd, TheLastPartOfAnMxfMayBeShort) {
  const std::vector<std::string> complete = {std::string(1, '\0'),
                                             std::string("\1a"),
                                             std::string("\x81\0", 2),
                                             std::string("\x81\1a"),
                                             std::string("\x82\0\0", 3),
                                             std::string("\x83\0\0\0", 4),
                                             std::string("\x83\0\0\1a", 5),
                                             std::string("\x84\0\0\0\0", 5),
                                             std::string("\x87\0\0\0\0\0\0\0", 8),
                                             std::string("\x87\0\0\0\0\0\0\1a", 9),
                                             std::string("\x88\0\0\0\0\0\0\0\0", 9)};
  for (const std::string& rest : complete) {
    const std::string bytes = MxfWithFooter(Key() + std::string(1, '\0') + Key() + rest);
    EXPECT_EQ(EndOf(bytes, "mxf").kind, Kind::kComplete) << rest.size();
    const FileEnd cut = EndOf(bytes.substr(0, bytes.size() - 1), "mxf");
    EXPECT_EQ(cut.what, "the file ends within its footer") << rest.size();
  }
}

// A file may consist of millions of tiny parts, which would take too long to walk over.
TEST(FileEnd, NobodyWalksOverMillionsOfParts) {
  constexpr int kMany = 1'000'001;
  const std::string free_atom = std::string("\0\0\0\x08", 4) + "free";
  const std::string riff = std::string("RIFF\2\0\0\0", 8) + "ab";
  const std::string voided("\xEC\x80", 2);
  const std::string object = std::string(16, '\1') + std::string("\x18\0\0\0\0\0\0\0", 8);
  struct Case {
    const char* container;
    std::string part;
  };
  for (const Case& it : {Case{"mov,mp4,m4a,3gp,3g2,mj2", free_atom}, Case{"avi", riff},
                         Case{"matroska,webm", voided}, Case{"asf", object},
                         Case{"mxf", Key() + std::string(1, '\0')}}) {
    const bool is_mxf = std::string(it.container) == "mxf";
    const auto file = [&](int count) {
      const std::string parts = Repeated(it.part, count);
      return is_mxf ? MxfWithFooter(parts) : parts;
    };
    EXPECT_EQ(EndOf(file(1000), it.container).kind, Kind::kComplete) << it.container;
    const FileEnd end = EndOf(file(kMany), it.container);
    EXPECT_EQ(end.kind, Kind::kRagged) << it.container;
    EXPECT_THAT(end.what, HasSubstr("more than 1000000 parts")) << it.container;
  }
}

TEST(FileEnd, AGifIsPaddedWithFewZeros) {
  EXPECT_EQ(EndOf("GIF89a;" + std::string(1000, '\0'), "gif").kind, Kind::kComplete);
  EXPECT_EQ(EndOf("GIF89a" + std::string(1000, '\0'), "gif").kind, Kind::kRagged);
  EXPECT_EQ(EndOf("GIF89a;" + std::string(70'000, '\0'), "gif").kind, Kind::kRagged);
}

}  // namespace
}  // namespace reel3d
