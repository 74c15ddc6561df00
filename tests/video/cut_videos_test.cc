// Files whose end is missing, in every container. Either the file is reported as truncated, or its
// frames are returned with a note that the file ends early.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using test::DecodeAll;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum class States {
  kLength,  // the container states its length or lists its frames
  kPacket,  // only the lengths of packets are stated
  kNothing  // a raw stream
};

struct Container {
  const char* file;
  const char* codec;
  States states = States::kLength;
  const char* options = "";  // of the container
  const char* format = "";   // FFmpeg's name of the container; "": the suffix is enough
  // A raw stream may end with this mark. It is empty for MPEG-4, whose decoder complains of its
  // mark.
  std::string end_mark = {};
  const char* pixels = "yuv420p";
};

VideoEncoderOptions OptionsFor(const Container& it) {
  VideoEncoderOptions options = test::Ordinary();
  options.codec = it.codec;
  options.codec_options = "b=2000000:g=12";
  if (options.codec == "libx265") {
    options.codec_options += ":x265-params=log-level=none";
  }
  if (options.codec == "wrapped_avframe" || options.codec == "rawvideo") {
    options.codec_options = "";
  }
  options.fps_num = 25;
  options.pixel_format = it.pixels;
  options.container = it.format;
  options.container_options = it.options;
  return options;
}

class CutVideosTest : public testing::TestWithParam<Container> {};

TEST_P(CutVideosTest, AreFoundOrSaid) {
  const Container& it = GetParam();
  const TemporaryFolder folder;
  const auto file = folder / it.file;
  constexpr int kNum = 100;
  test::WriteSample(file, OptionsFor(it), kNum, test::NumberedFrames(64, 48));
  const std::string whole = test::ReadBytes(file);
  const auto written = [&](const std::string& bytes) {
    test::WriteBytes(file, bytes);
    return DecodeAll(file).summary;
  };
  const bool raw = it.states == States::kNothing;
  if (raw) {
    EXPECT_THAT(written(whole).notes, ElementsAre(HasSubstr("raw stream states no length")));
  }
  const DecodeSummary all = written(whole + it.end_mark);
  EXPECT_EQ(all.num_frames, kNum);
  EXPECT_FALSE(all.truncated);
  EXPECT_EQ(all.problem, "");
  EXPECT_EQ(all.notes.empty(), !raw || !it.end_mark.empty());
  const size_t size = whole.size();
  for (const size_t cut :
       {size * 60 / 100 - 7, size * 95 / 100 - 7, size * 99 / 100 - 7, size - 9}) {
    test::WriteBytes(file, whole.substr(0, cut));
    if (!test::DecodeFault(file).empty()) {
      continue;
    }
    const DecodeSummary summary = DecodeAll(file).summary;
    EXPECT_TRUE(!summary.problem.empty() || !summary.notes.empty())
        << cut << " of " << size << " bytes: " << summary.num_frames;
    // Some files have only the index behind the frames, so a cut may lose no frame.
    EXPECT_TRUE(summary.truncated || summary.num_frames >= 97 || it.states != States::kLength)
        << cut << " of " << size << " bytes: " << summary.num_frames;
  }
}

std::string Mark(const char* unit) { return std::string("\0\0\1", 3) + unit; }

INSTANTIATE_TEST_SUITE_P(
    All, CutVideosTest,
    testing::Values(
        Container{"a.mp4", "libx264"},
        Container{"front.mp4", "libx264", States::kLength, "movflags=faststart"},
        Container{"fragments.mp4", "libx264", States::kLength, "movflags=frag_keyframe+empty_moov"},
        Container{"sidx.mp4", "libx264", States::kLength,
                  "movflags=frag_keyframe+dash+global_sidx"},
        Container{"a.mov", "mpeg4"},
        Container{"front.mov", "mpeg4", States::kLength, "movflags=faststart"},
        Container{"a.3gp", "mpeg4"},
        Container{"front.3gp", "libx264", States::kLength, "movflags=faststart"},
        Container{"a.mkv", "libx264"}, Container{"live.mkv", "libx264", States::kPacket, "live=1"},
        Container{"a.webm", "libvpx"}, Container{"a.avi", "mpeg4"}, Container{"a.wmv", "wmv2"},
        Container{"a.asf", "wmv1"}, Container{"a.mxf", "mpeg2video"}, Container{"a.ivf", "libvpx"},
        Container{"a.ts", "libx264", States::kPacket},
        Container{"hevc.ts", "libx265", States::kPacket},
        Container{"a.m2ts", "mpeg2video", States::kPacket},
        Container{"a.mpg", "mpeg2video", States::kPacket},
        Container{"one.mpg", "mpeg1video", States::kPacket, "", "mpeg"},
        Container{"a.flv", "libx264", States::kPacket},
        Container{"a.ogv", "libtheora", States::kPacket},
        Container{"a.nut", "mpeg4", States::kPacket},
        Container{"a.mjpeg", "mjpeg", States::kPacket, "", "", "", "yuvj420p"},
        Container{"a.h264", "libx264", States::kNothing, "", "", Mark("\x0B")},
        Container{"a.hevc", "libx265", States::kNothing, "", "", Mark("\x4A\x01")},
        Container{"a.m1v", "mpeg1video", States::kNothing, "", "", Mark("\xB7")},
        Container{"a.m2v", "mpeg2video", States::kNothing, "", "", Mark("\xB7")},
        Container{"raw.m4v", "mpeg4", States::kNothing, "", "m4v"}),
    [](const auto& info) {
      std::string name = info.param.file;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

// A file that is cut before a packet which begins a new unit may look complete. Other cuts must be
// noticed.
TEST(CutVideosTest, TransportPacketsWithinAUnitAreSaid) {
  constexpr size_t kPacket = 188;
  constexpr size_t kBegins = 0x40;
  const TemporaryFolder folder;
  for (const Container& it : {Container{"a.ts", "libx264"}, Container{"a.ts", "mpeg2video"},
                              Container{"a.ts", "libx265"}}) {
    test::WriteSample(folder / it.file, OptionsFor(it), 40, test::NumberedFrames(64, 48));
    const std::string whole = test::ReadBytes(folder / it.file);
    const size_t num_packets = whole.size() / kPacket;
    for (size_t kept = num_packets - 40; kept < num_packets; ++kept) {
      if ((static_cast<uint8_t>(whole[kept * kPacket + 1]) & kBegins) == 0) {
        test::WriteBytes(folder / it.file, whole.substr(0, kept * kPacket));
        const DecodeSummary summary = DecodeAll(folder / it.file).summary;
        EXPECT_THAT(summary.notes, testing::Contains(HasSubstr("ends within a packet")))
            << it.codec << ", " << kept << " of " << num_packets << " packets";
      }
    }
  }
}

// The index of these files is behind the frames, so no frame is found without it. The reason must
// still be "truncated".
TEST(CutVideosTest, FilesWithoutTheirIndexAreTruncatedToo) {
  const TemporaryFolder folder;
  for (const Container& it :
       {Container{"a.mp4", "libx264"}, Container{"a.mov", "mpeg4"}, Container{"a.3gp", "mpeg4"}}) {
    const auto file = folder / it.file;
    test::WriteSample(file, OptionsFor(it), 40, test::NumberedFrames(64, 48));
    const std::string whole = test::ReadBytes(file);
    const size_t moov = whole.rfind("moov") - 4;
    const auto fault = [&](size_t size) {
      test::WriteBytes(file, whole.substr(0, size));
      return test::DecodeFault(file);
    };
    EXPECT_THAT(fault(moov / 2), testing::AllOf(HasSubstr(": truncated: the file ends within its "
                                                          "mdat atom"),
                                                HasSubstr("moov atom not found")));
    for (const size_t kept : {moov + 200, (moov + whole.size()) / 2}) {
      EXPECT_THAT(fault(kept), HasSubstr(": truncated: the file ends within its moov atom"))
          << it.file << ", " << kept << " of " << whole.size();
    }
    EXPECT_THAT(fault(moov), testing::Not(HasSubstr("truncated"))) << "it ends between two atoms";
  }
}

TEST(CutVideosTest, AFrameOfDvThatIsCutIsSaid) {
  const TemporaryFolder folder;
  VideoEncoderOptions options;
  options.width = 720;
  options.height = 576;
  options.codec = "dvvideo";
  options.codec_options = "";
  test::WriteSample(folder / "a.dv", options, 3, test::NumberedFrames(720, 576));
  EXPECT_THAT(DecodeAll(folder / "a.dv").summary.notes, IsEmpty());
  const std::string whole = test::ReadBytes(folder / "a.dv");
  test::WriteBytes(folder / "a.dv", whole.substr(0, whole.size() * 95 / 100));
  EXPECT_THAT(DecodeAll(folder / "a.dv").summary.notes,
              ElementsAre(HasSubstr("ends within a packet")));
}

}  // namespace
}  // namespace reel3d
