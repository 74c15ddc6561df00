// SPDX-License-Identifier: Apache-2.0
#include "lib/video/frame_scaler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "lib/base/error.h"
#include "lib/video/ffmpeg_handle.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;

std::array<int, 3> CentreOf(const YuvImage& image) {
  std::array<int, 3> values{};
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    values[plane] = image.row(plane, image.height(plane) / 2)[image.width(plane) / 2];
  }
  return values;
}

std::array<int, 3> ScaledColor(const std::filesystem::path& file) {
  VideoDecoder decoder(file);
  VideoFrame frame;
  EXPECT_TRUE(decoder.Next(&frame));
  FrameScaler scaler({32, 24});
  return CentreOf(scaler.Scale(frame));
}

// A picture of one colour, given by the bytes of one pixel in the format.
struct Patch {
  const char* name;
  const char* pixel_format;
  const char* color_range;
  const char* color_space;
  int width, height;
  std::vector<int> values;    // Y Cb Cr, Y, or the packed bytes of a pixel
  std::array<int, 3> expect;  // full-range BT.601
};

void PrintTo(const Patch& patch, std::ostream* out) { *out << patch.name; }

// Fills each plane with its value (planar formats), or repeats the pixel's bytes (packed formats).
test::PaintFrame Paint(const Patch& patch) {
  const std::string format = patch.pixel_format;
  return [patch, format](int /*number*/, std::vector<uint8_t>* pixels) {
    if (format == "bgra" || format == "bgr0") {
      for (size_t i = 0; i < pixels->size(); ++i) {
        (*pixels)[i] = static_cast<uint8_t>(patch.values[i % 4]);
      }
      return;
    }
    const bool wide = format.find("10le") != std::string::npos;
    const bool whole_chroma = format.find("444") != std::string::npos;
    const size_t luma = size_t(patch.width) * patch.height;
    const size_t chroma =
        whole_chroma ? luma : size_t((patch.width + 1) / 2) * ((patch.height + 1) / 2);
    size_t at = 0;
    for (size_t plane = 0; plane < patch.values.size(); ++plane) {
      const size_t count = plane == 0 || plane == 3 ? luma : chroma;
      for (size_t i = 0; i < count; ++i) {
        (*pixels)[at++] = static_cast<uint8_t>(patch.values[plane]);
        if (wide) {
          (*pixels)[at++] = static_cast<uint8_t>(patch.values[plane] >> 8);
        }
      }
    }
    ASSERT_EQ(at, pixels->size());
  };
}

class ColorTest : public testing::TestWithParam<Patch> {};

TEST_P(ColorTest, IsWithinTwoLevels) {
  const Patch& patch = GetParam();
  const TemporaryFolder folder;
  VideoEncoderOptions options = test::Lossless(patch.width, patch.height, patch.pixel_format);
  options.color_range = patch.color_range;
  options.color_space = patch.color_space;
  test::WriteSample(folder / "a.mkv", options, 1, Paint(patch));
  const std::array<int, 3> color = ScaledColor(folder / "a.mkv");
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    EXPECT_NEAR(color[plane], patch.expect[plane], 2) << "plane " << plane;
  }
}

// The colour R'G'B' (200, 60, 30) in every coding. In JPEG it is (98.4, 89.4, 200.4). Values follow
// ITU-R BT.601 and BT.709, rounded to the coding's levels.
INSTANTIATE_TEST_SUITE_P(
    Codings, ColorTest,
    testing::Values(
        Patch{"limited_601", "yuv420p", "tv", "smpte170m", 64, 48, {101, 94, 192}, {98, 89, 200}},
        Patch{"unsaid_is_limited_601", "yuv420p", "", "", 64, 48, {101, 94, 192}, {98, 89, 200}},
        Patch{"full_601", "yuv420p", "pc", "bt470bg", 64, 48, {98, 89, 200}, {98, 89, 200}},
        Patch{"limited_709", "yuv420p", "tv", "bt709", 64, 48, {91, 101, 191}, {98, 89, 200}},
        Patch{"full_709", "yuv420p", "pc", "bt709", 64, 48, {88, 97, 199}, {98, 89, 200}},
        Patch{"large_unsaid_is_709", "yuv420p", "", "", 1280, 720, {91, 101, 191}, {98, 89, 200}},
        Patch{"all_chroma", "yuv444p", "tv", "bt709", 64, 48, {91, 101, 191}, {98, 89, 200}},
        Patch{"odd_size", "yuv420p", "tv", "bt709", 65, 47, {91, 101, 191}, {98, 89, 200}},
        Patch{"ten_bits", "yuv420p10le", "tv", "bt709", 64, 48, {365, 403, 763}, {98, 89, 200}},
        Patch{"alpha_is_dropped",
              "yuva420p",
              "tv",
              "bt709",
              64,
              48,
              {91, 101, 191, 7},
              {98, 89, 200}},
        Patch{"rgb", "bgr0", "", "", 64, 48, {30, 60, 200, 0}, {98, 89, 200}},
        Patch{"rgb_with_alpha", "bgra", "", "", 64, 48, {30, 60, 200, 255}, {98, 89, 200}},
        Patch{"gray", "gray", "pc", "", 64, 48, {98}, {98, 128, 128}},
        Patch{"limited_gray", "gray", "tv", "", 64, 48, {101}, {99, 128, 128}}),
    [](const auto& info) { return info.param.name; });

TEST(FrameScalerTest, RefusesHighDynamicRangeAndStrangeColours) {
  const TemporaryFolder folder;
  struct Refused {
    const char* transfer;
    const char* space;
    const char* reason;
  };
  for (const Refused& refused : {Refused{"smpte2084", "bt2020nc", "high dynamic range"},
                                 Refused{"arib-std-b67", "bt2020nc", "high dynamic range"},
                                 Refused{"bt709", "ycgco", "colour space ycgco"}}) {
    VideoEncoderOptions options = test::Lossless(32, 32, "yuv444p");
    options.color_transfer = refused.transfer;
    options.color_space = refused.space;
    test::WriteSample(folder / "a.mkv", options, 1, test::NumberedFrames(32, 32));
    EXPECT_THAT(test::DecodeFault(folder / "a.mkv"), HasSubstr(refused.reason));
  }
}

// Some encoders set wrong flags: RGB for YCbCr, or YCgCo for pictures with subsampled chroma.
TEST(FrameScalerTest, TakesFlagsThatCannotBeTrueAsUnsaid) {
  const TemporaryFolder folder;
  for (const char* space : {"ycgco", "gbr"}) {
    VideoEncoderOptions options = test::Lossless(32, 32);
    options.color_space = space;
    test::WriteSample(folder / "a.mkv", options, 1, test::NumberedFrames(32, 32));
    VideoDecoder decoder(folder / "a.mkv");
    VideoFrame frame;
    ASSERT_TRUE(decoder.Next(&frame));
    FrameScaler scaler({16, 16});
    scaler.Scale(frame);
    EXPECT_THAT(scaler.note(), HasSubstr(std::string(space) + " cannot be true of yuv420p"));
  }
}

TEST(FrameSizeTest, KeepsTheShapeWithEvenSides) {
  struct Case {
    double aspect;
    int given, width, height;
  };
  for (const Case& it :
       {Case{16. / 9, 360, 640, 360}, Case{1.25, 360, 450, 360}, Case{320. / 568, 360, 202, 360},
        Case{1, 2, 2, 2}, Case{177. / 143 * 715 / 708, 360, 450, 360}}) {
    const ImageSize size = SizeForHeight(it.aspect, it.given);
    EXPECT_EQ(size.width, it.width) << it.aspect;
    EXPECT_EQ(size.height, it.height) << it.aspect;
  }
  EXPECT_EQ(SizeForShortSide(16. / 9, 240).width, 426);
  EXPECT_EQ(SizeForShortSide(16. / 9, 240).height, 240);
  EXPECT_EQ(SizeForShortSide(9. / 16, 240).width, 240);
  EXPECT_EQ(SizeForShortSide(9. / 16, 240).height, 426);
  EXPECT_THROW(SizeForHeight(1000, 360), Error);
  EXPECT_THROW(SizeForHeight(1e-9, 360), Error);
  EXPECT_THROW(SizeForHeight(0. / 1, 360), Error);
}

// Returns the bright quadrant of the shown picture: "top left", ...
std::string BrightQuadrant(const YuvImage& image) {
  std::string name;
  const auto at = [&](int right, int bottom) {
    return image.row(0, image.height() * (1 + 2 * bottom) / 4)[image.width() * (1 + 2 * right) / 4];
  };
  for (const int bottom : {0, 1}) {
    for (const int right : {0, 1}) {
      if (at(right, bottom) > 150) {
        name += std::string(bottom != 0 ? "bottom " : "top ") + (right != 0 ? "right" : "left");
      }
    }
  }
  return name;
}

TEST(FrameScalerTest, TurnsPicturesAsTheyAreToBeSeen) {
  struct Case {
    int degrees;
    const char* quadrant;
    double aspect;
  };
  const TemporaryFolder folder;
  for (const Case& it : {Case{0, "top left", 2}, Case{90, "top right", 0.5},
                         Case{180, "bottom right", 2}, Case{270, "bottom left", 0.5}}) {
    VideoEncoderOptions options;
    options.width = 128;
    options.height = 64;
    options.rotation_degrees = it.degrees;
    test::WriteSample(folder / "a.mp4", options, 1, [](int /*number*/, std::vector<uint8_t>* p) {
      std::fill(p->begin(), p->end(), uint8_t{128});
      std::fill_n(p->begin(), 128 * 64, uint8_t{50});
      for (int y = 0; y < 32; ++y) {
        std::fill_n(p->begin() + y * 128, 64, uint8_t{220});
      }
    });
    VideoDecoder decoder(folder / "a.mp4");
    VideoFrame frame;
    ASSERT_TRUE(decoder.Next(&frame));
    EXPECT_DOUBLE_EQ(frame.aspect, it.aspect) << it.degrees;
    FrameScaler scaler(SizeForHeight(frame.aspect, 64));
    EXPECT_EQ(BrightQuadrant(scaler.Scale(frame)), it.quadrant) << it.degrees;
  }
}

TEST(FrameScalerTest, PixelsThatAreNotSquareAreStretched) {
  const TemporaryFolder folder;
  VideoEncoderOptions options = test::Lossless(72, 64);
  options.pixel_aspect_num = 16;
  options.pixel_aspect_den = 9;
  test::WriteSample(folder / "a.mkv", options, 1, test::NumberedFrames(72, 64));
  VideoDecoder decoder(folder / "a.mkv");
  VideoFrame frame;
  ASSERT_TRUE(decoder.Next(&frame));
  EXPECT_NEAR(frame.aspect, 2, 1e-3);
}

// Paints even lines in one colour and odd lines in another, like two fields of an interlaced frame.
void PaintTwoFields(int width, int height, std::vector<uint8_t>* pixels) {
  uint8_t* row = pixels->data();
  for (int y = 0; y < height; ++y, row += width) {
    std::fill_n(row, width, uint8_t(y % 2 == 0 ? 60 : 200));
  }
  for (int plane = 1; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < height / 2; ++y, row += width / 2) {
      std::fill_n(row, width / 2, uint8_t(y % 2 == 0 ? 100 : 150));
    }
  }
}

TEST(FrameScalerTest, OfInterlacedFramesTheFirstFieldIsShown) {
  const TemporaryFolder folder;
  const std::array<int, 3> both{130, 125, 125};
  const std::array<int, 3> even{60, 100, 100};
  const std::array<int, 3> odd{200, 150, 150};
  for (const int height : {48, 50}) {  // 50 lines have 25 lines of chroma, an odd number
    VideoEncoderOptions options = test::Lossless(64, height);
    options.color_range = "pc";
    options.color_space = "smpte170m";
    test::WriteSample(folder / "a.mkv", options, 1, [&](int /*number*/, std::vector<uint8_t>* p) {
      PaintTwoFields(64, height, p);
    });
    VideoDecoder decoder(folder / "a.mkv");
    VideoFrame frame;
    ASSERT_TRUE(decoder.Next(&frame));
    FrameScaler by_field({32, 12});
    FrameScaler woven({32, 12}, Interlaced::kWeave);
    if (height == 48) {
      EXPECT_EQ(CentreOf(by_field.Scale(frame)), both);  // the frame is not marked as interlaced
    }
    frame.get()->interlaced_frame = 1;
    EXPECT_EQ(CentreOf(by_field.Scale(frame)), odd);
    if (height == 48) {
      EXPECT_EQ(CentreOf(woven.Scale(frame)), both);
    }
    frame.get()->top_field_first = 1;
    EXPECT_EQ(CentreOf(by_field.Scale(frame)), even);
  }
}

TEST(FrameScalerTest, KnowsInterlacedVideoByWhatItSays) {
  const TemporaryFolder folder;
  VideoEncoderOptions options;
  options.width = 64;
  options.height = 52;
  options.codec_options = "preset=veryfast:crf=1:flags=+ildct";
  test::WriteSample(folder / "a.mp4", options, 3, [](int /*number*/, std::vector<uint8_t>* pixels) {
    PaintTwoFields(64, 52, pixels);
  });
  VideoDecoder decoder(folder / "a.mp4");
  VideoFrame frame;
  FrameScaler scaler({64, 24});
  int count = 0;
  for (; decoder.Next(&frame); ++count) {
    ASSERT_EQ(frame.get()->interlaced_frame, 1);
    const YuvImage& image = scaler.Scale(frame);
    const int field = frame.get()->top_field_first != 0 ? 60 : 200;
    for (int y = 0; y < image.height(); ++y) {
      EXPECT_NEAR(image.row(0, y)[32], (field - 16) * 255. / 219, 6) << y;
    }
  }
  EXPECT_EQ(count, 3);
}

// Paints 10-bit values, two bytes each, little-endian.
test::PaintFrame InTenBits(const test::PaintFrame& paint) {
  return [paint](int number, std::vector<uint8_t>* pixels) {
    std::vector<uint8_t> bytes(pixels->size() / 2);
    paint(number, &bytes);
    for (size_t i = 0; i < bytes.size(); ++i) {
      (*pixels)[2 * i] = static_cast<uint8_t>(bytes[i] << 2);
      (*pixels)[2 * i + 1] = static_cast<uint8_t>(bytes[i] >> 6);
    }
  };
}

TEST(FrameScalerTest, FollowsChangesOfSizeAndFormatInMidStream) {
  const TemporaryFolder folder;
  std::string joined;
  struct Kind {
    int width;
    const char* pixel_format;
  };
  for (const Kind& kind : {Kind{64, "yuv420p"}, Kind{128, "yuv420p"}, Kind{128, "yuv420p10le"}}) {
    VideoEncoderOptions options;
    options.width = kind.width;
    options.height = kind.width / 2;
    options.pixel_format = kind.pixel_format;
    options.codec_options = "preset=veryfast:crf=10:tune=zerolatency";
    const test::PaintFrame paint = test::NumberedFrames(options.width, options.height);
    test::WriteSample(folder / "part.ts", options, 5,
                      options.pixel_format == "yuv420p" ? paint : InTenBits(paint));
    joined += test::ReadBytes(folder / "part.ts");
  }
  test::WriteBytes(folder / "joined.ts", joined);
  VideoDecoder decoder(folder / "joined.ts");
  VideoFrame frame;
  FrameScaler scaler({64, 32});
  int count = 0;
  while (decoder.Next(&frame)) {
    const std::array<int, 3> color = CentreOf(scaler.Scale(frame));
    EXPECT_NEAR(color[0], (test::NumberLuma(count % 5) - 16) * 255. / 219, 3) << count;
    EXPECT_NEAR(color[1], 128, 2) << count;
    ++count;
  }
  EXPECT_EQ(count, 15);
}

}  // namespace
}  // namespace reel3d
