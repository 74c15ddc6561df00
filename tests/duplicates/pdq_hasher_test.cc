// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/pdq_hasher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/duplicates/small_picture.h"
#include "lib/video/jpeg_encoder.h"
#include "lib/video/yuv_image.h"
#include "tests/duplicates/noise_picture.h"
#include "tests/frames/jpeg_pictures.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

struct Picture {
  int width, height;
  std::vector<float> luma;

  float at(int x, int y) const { return luma[static_cast<size_t>(y) * width + x]; }
};

Picture Noisy(uint32_t seed, int width, int height) {
  return {width, height, test::NoisePicture(seed, width, height)};
}

Picture Cut(const Picture& picture, int x0, int y0, int width, int height) {
  Picture cut{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      cut.luma.push_back(picture.at(x0 + x, y0 + y));
    }
  }
  return cut;
}

Picture Mirror(const Picture& picture) {
  Picture mirrored = picture;
  for (int y = 0; y < picture.height; ++y) {
    const auto row = mirrored.luma.begin() + static_cast<ptrdiff_t>(y) * picture.width;
    std::reverse(row, row + picture.width);
  }
  return mirrored;
}

PdqPicture TransformOf(const Picture& picture) {
  return PdqHasher(picture.width, picture.height).Transform(picture.luma.data());
}

PdqHash WholeHash(const Picture& picture) { return HashOf(TransformOf(picture).spectra[kWhole]); }

TEST(PdqHasher, AgreesWithTheOtherImplementation) {
  const nlohmann::json golden =
      nlohmann::json::parse(ReadFile(test::SourceFolder() / "tests/golden/pdq.json"));
  ASSERT_EQ(golden.size(), 7U);
  for (const nlohmann::json& one : golden) {
    const Picture picture = Noisy(one.at("seed"), one.at("width"), one.at("height"));
    const PdqPicture transformed = TransformOf(picture);
    EXPECT_EQ(ToHex(HashOf(transformed.spectra[kWhole])), one.at("hash")) << one;
    EXPECT_EQ(transformed.quality, one.at("quality")) << one;
    EXPECT_EQ(ToHex(WholeHash(Mirror(picture))), one.at("mirrored")) << one;
  }
}

// Mirroring is exact if shrinking is symmetric in left and right, as it is at 64 samples.
TEST(PdqHasher, MirroredCoefficientsAreThoseOfTheMirroredPicture) {
  for (const auto& [width, height, most] :
       {std::tuple(64, 64, 0), std::tuple(160, 120, 31), std::tuple(341, 256, 31)}) {
    const Picture picture = Noisy(77, width, height);
    const PdqHash mirrored = HashOf(Mirrored(TransformOf(picture).spectra[kWhole]));
    EXPECT_LE(Distance(mirrored, WholeHash(Mirror(picture))), most) << width;
    EXPECT_GT(Distance(mirrored, WholeHash(picture)), 80);
  }
}

TEST(PdqHasher, APartHasTheHashOfThePictureThatIsCutToIt) {
  const Picture picture = Noisy(5, 320, 240);
  const PdqPicture parts = TransformOf(picture);
  const auto expect_near = [&](Part part, int x, int y) {
    EXPECT_LE(Distance(HashOf(parts.spectra[part]), WholeHash(Cut(picture, x, y, 288, 216))), 20)
        << part;
  };
  expect_near(kCentre, 16, 12);
  expect_near(kTopLeft, 0, 0);
  expect_near(kTopRight, 32, 0);
  expect_near(kBottomLeft, 0, 24);
  expect_near(kBottomRight, 32, 24);
  EXPECT_GT(Distance(HashOf(parts.spectra[kWhole]), WholeHash(Cut(picture, 0, 0, 288, 216))), 31);
}

TEST(PdqHasher, FlatAndDarkPicturesHaveNoQuality) {
  const std::vector<float> flat(64 * 64, 200);
  EXPECT_EQ(PdqHasher(64, 64).Transform(flat.data()).quality, 0);
  Picture dark = Noisy(9, 64, 64);
  for (float& pixel : dark.luma) {
    pixel /= 20;
  }
  EXPECT_LT(TransformOf(dark).quality, kPdqMinQuality);
}

// Encodes `picture` as prep-videos does.
std::vector<uint8_t> JpegOf(const Picture& picture, int quality) {
  YuvImage image(picture.width, picture.height);
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < image.height(plane); ++y) {
      for (int x = 0; x < image.width(plane); ++x) {
        image.row(plane, y)[x] = plane == 0 ? static_cast<uint8_t>(picture.at(x, y)) : 128;
      }
    }
  }
  image.PadRight();
  return JpegEncoder(quality).Encode(image);
}

SmallPictureDecoder::Luma SmallLuma(const std::vector<uint8_t>& jpeg) {
  SmallPictureDecoder decoder;
  return decoder.Decode({0, jpeg.data(), jpeg.size()});
}

PdqHash SmallHash(const std::vector<uint8_t>& jpeg) {
  const SmallPictureDecoder::Luma luma = SmallLuma(jpeg);
  return WholeHash({kPdqSide, kPdqSide, {luma.begin(), luma.end()}});
}

// The small picture is decoded from the low frequencies of the JPEG only.
TEST(SmallPicture, HasNearlyTheHashOfTheWholePicture) {
  int largest = 0;
  for (const FrameSize size : {FrameSize{320, 240}, FrameSize{640, 360}, FrameSize{176, 144},
                               FrameSize{240, 320}, FrameSize{1280, 720}, FrameSize{96, 96}}) {
    const Picture picture = Noisy(3, size.width, size.height);
    const std::vector<uint8_t> jpeg = JpegOf(picture, 90);
    const int distance = Distance(SmallHash(jpeg), WholeHash(picture));
    EXPECT_LE(distance, 20) << size.width;
    largest = std::max(largest, distance);
    EXPECT_LE(Distance(SmallHash(jpeg), SmallHash(JpegOf(picture, 40))), 20) << size.width;
  }
  RecordProperty("largest_distance", largest);
}

// The crop decoder refuses a frame without restart markers. Then the complete frame is decoded.
TEST(SmallPicture, TakesFramesWithoutRestartMarkersAndChangesOfSize) {
  SmallPictureDecoder decoder;
  for (const FrameSize size : {FrameSize{320, 240}, FrameSize{176, 144}, FrameSize{320, 240}}) {
    test::JpegStyle style;
    style.photographic = true;
    const SmallPictureDecoder::Luma marked = SmallLuma(test::MakeJpeg(size, 4, style));
    style.restart_interval = 0;
    const std::vector<uint8_t> jpeg = test::MakeJpeg(size, 4, style);
    const SmallPictureDecoder::Luma& luma = decoder.Decode({0, jpeg.data(), jpeg.size()});
    double difference = 0;
    for (size_t i = 0; i < luma.size(); ++i) {
      difference += std::abs(luma[i] - marked[i]) / luma.size();
    }
    EXPECT_LT(difference, 3) << size.width;
  }
}

TEST(SmallPicture, ADamagedFrameIsAnInputFault) {
  std::vector<uint8_t> jpeg = test::MakeJpeg({320, 240}, 1);
  jpeg.resize(jpeg.size() / 2);
  EXPECT_THROW(SmallHash(jpeg), Error);
  jpeg.clear();
  EXPECT_THROW(SmallHash(jpeg), Error);
}

}  // namespace
}  // namespace reel3d
