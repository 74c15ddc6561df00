// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/pdq_hasher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/duplicates/small_picture.h"
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

// It is exact where the shrinking treats left and right alike: it does at 64 samples.
TEST(PdqHasher, MirroredCoefficientsAreThoseOfTheMirroredPicture) {
  for (const auto& [width, height, most] :
       {std::tuple(64, 64, 0), std::tuple(160, 120, 12), std::tuple(341, 256, 12)}) {
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
    EXPECT_LE(Distance(HashOf(parts.spectra[part]), WholeHash(Cut(picture, x, y, 288, 216))), 8)
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

Picture LumaOf(const std::vector<uint8_t>& jpeg) {
  FrameSize size;
  const std::vector<uint8_t> rgbx = test::DecodeWholeJpeg(jpeg, &size);
  Picture picture{size.width, size.height, {}};
  for (size_t i = 0; i < rgbx.size(); i += 4) {
    picture.luma.push_back(0.299F * rgbx[i] + 0.587F * rgbx[i + 1] + 0.114F * rgbx[i + 2]);
  }
  return picture;
}

PdqHash SmallHash(const std::vector<uint8_t>& jpeg) {
  SmallPictureDecoder decoder;
  const auto& luma = decoder.Decode({0, jpeg.data(), jpeg.size()});
  return HashOf(PdqHasher(kPdqSide, kPdqSide).Transform(luma.data()).spectra[kWhole]);
}

// The small picture stops at the low frequencies of the JPEG.
TEST(SmallPicture, HasNearlyTheHashOfTheWholePicture) {
  for (const FrameSize size : {FrameSize{320, 240}, FrameSize{640, 360}, FrameSize{176, 144},
                               FrameSize{240, 320}, FrameSize{1280, 720}, FrameSize{96, 96}}) {
    test::JpegStyle style;
    style.photographic = true;
    style.noise = 8;
    const std::vector<uint8_t> jpeg = test::MakeJpeg(size, 3, style);
    EXPECT_LE(Distance(SmallHash(jpeg), WholeHash(LumaOf(jpeg))), 20) << size.width;
    style.quality = 50;
    EXPECT_LE(Distance(SmallHash(jpeg), SmallHash(test::MakeJpeg(size, 3, style))), 20);
  }
}

TEST(SmallPicture, TakesFramesWithoutRestartMarkersAndChangesOfSize) {
  SmallPictureDecoder decoder;
  for (const int interval : {4, 0, 4}) {
    for (const FrameSize size : {FrameSize{320, 240}, FrameSize{176, 144}}) {
      test::JpegStyle style;
      style.photographic = true;
      style.restart_interval = interval;
      const std::vector<uint8_t> jpeg = test::MakeJpeg(size, 4, style);
      const auto& luma = decoder.Decode({0, jpeg.data(), jpeg.size()});
      const PdqHash hash =
          HashOf(PdqHasher(kPdqSide, kPdqSide).Transform(luma.data()).spectra[kWhole]);
      EXPECT_LE(Distance(hash, WholeHash(LumaOf(jpeg))), 24) << interval << " " << size.width;
    }
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
