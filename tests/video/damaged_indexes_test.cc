// Files whose index is damaged must give frames or an input error, and must not need much memory.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

#include "lib/base/rng.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using test::TemporaryFolder;

struct Index {
  const char* file;
  const char* codec;
  const char* container_options;
  std::vector<std::string> marks;  // the names of tables
};

// Limits the address space of this process until the end of the scope, except under sanitizers,
// which need more.
class LimitedMemory {
 public:
  LimitedMemory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    getrlimit(RLIMIT_AS, &before_);
    const rlimit less{2'000'000'000, before_.rlim_max};
    setrlimit(RLIMIT_AS, &less);
#endif
  }
  ~LimitedMemory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    setrlimit(RLIMIT_AS, &before_);
#endif
  }
  LimitedMemory(const LimitedMemory&) = delete;
  LimitedMemory& operator=(const LimitedMemory&) = delete;

 private:
  rlimit before_{};
};

class DamagedIndexesTest : public testing::TestWithParam<Index> {};

TEST_P(DamagedIndexesTest, EndInFramesOrInAnInputError) {
  const Index& it = GetParam();
  const TemporaryFolder folder;
  VideoEncoderOptions options = test::Ordinary();
  options.codec = it.codec;
  options.codec_options = "g=5";
  options.fps_num = 25;  // MXF does not support 10
  options.container_options = it.container_options;
  test::WriteSample(folder / it.file, options, 20, test::NumberedFrames(64, 48));
  const std::string good = test::ReadBytes(folder / it.file);
  const LimitedMemory limit;
  Rng rng(7);
  for (const std::string& mark : it.marks) {
    const size_t table = good.find(mark);
    ASSERT_NE(table, std::string::npos) << mark;
    for (int attempt = 0; attempt < 24; ++attempt) {
      std::string bytes = good;
      const size_t from = table + mark.size() + (attempt < 8 ? attempt * 2 : rng.Next() % 100);
      const size_t end = std::min(bytes.size(), from + 1 + attempt % 8);
      for (size_t i = from; i < end; ++i) {
        bytes[i] = attempt < 8 ? '\xFF' : static_cast<char>(rng.Next());
      }
      test::WriteBytes(folder / "damaged", bytes);
      EXPECT_NE(test::DecodeFault(folder / "damaged"), "not an input error")
          << mark << " " << attempt;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedIndexesTest,
    testing::Values(Index{"a.avi", "mpeg4", "", {"idx1", "strh", "avih"}},
                    Index{"a.mp4",
                          "libx264",
                          "movflags=faststart",
                          {"stco", "stsz", "stsc", "stts", "ctts", "stss", "elst"}},
                    Index{"sidx.mp4",
                          "libx264",
                          "movflags=frag_keyframe+dash+global_sidx",
                          {"sidx", "trun", "tfhd", "tfdt"}},
                    Index{"a.mkv", "libx264", "", {"\x1C\x53\xBB\x6B", "\x11\x4D\x9B\x74"}},
                    Index{"a.nut", "mpeg4", "", {std::string("NX\xDD\x67\x2F\x23\xE6\x4E", 8)}},
                    Index{"a.mxf",
                          "mpeg2video",
                          "",
                          {std::string("\x06\x0E\x2B\x34\x02\x53\x01\x01\x0D\x01\x02"
                                       "\x01\x01\x10",
                                       14)}}),
    [](const auto& info) {
      std::string name = info.param.file;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

}  // namespace
}  // namespace reel3d
