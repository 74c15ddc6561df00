// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/picture_pairs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/duplicates/noise_picture.h"

namespace reel3d {
namespace {

struct Film {
  uint32_t room = 1;   // the background
  uint32_t actor = 1;  // moves in front of the room, on its own path; 0: nobody
  int begin = 0;       // number of pictures left out at the beginning
  float contrast = 1;  // 0: black
  int num_pictures = 8;
};

std::vector<float> Paint(const Film& film, int number) {
  std::vector<float> picture(kPdqSide * kPdqSide);
  const double turn = 0.7 * number * (1 + 0.37 * (film.actor % 7)) + film.actor;
  const auto left = static_cast<int>(26 + 20 * std::cos(turn));
  const auto top = static_cast<int>(26 + 20 * std::sin(1.3 * turn));
  for (int y = 0; y < kPdqSide; ++y) {
    for (int x = 0; x < kPdqSide; ++x) {
      const bool is_actor = film.actor != 0 && x >= left && x < left + 7 && y >= top && y < top + 7;
      const uint32_t wall = test::NoisePixel(film.room, x, y);
      const uint32_t pixel = is_actor ? wall * 17 / 20 : wall;
      picture[y * kPdqSide + x] = film.contrast * static_cast<float>(pixel);
    }
  }
  return picture;
}

VideoSignature Sign(const Film& film) {
  PdqHasher hasher(kPdqSide, kPdqSide);
  SignatureMaker maker;
  for (int number = film.begin; number < film.num_pictures; ++number) {
    maker.Add(hasher.Transform(Paint(film, number).data()));
  }
  return maker.Take();
}

std::vector<PicturePair> PairsAmong(const std::vector<VideoSignature>& videos) {
  const PairFinder finder(
      videos, [](size_t, size_t) { return true; }, 0);
  std::vector<PicturePair> pairs;
  for (size_t video = 0; video < videos.size(); ++video) {
    const PairFinder::Found found = finder.PairsOf(video);
    pairs.insert(pairs.end(), found.pairs.begin(), found.pairs.end());
  }
  return BestPairs(pairs);
}

TEST(SampledFrame, IsTheNearestToEachHalfSecond) {
  EXPECT_EQ(SampledFrame(0, 25), 0);
  EXPECT_EQ(SampledFrame(1, 25), 13);
  EXPECT_EQ(SampledFrame(2, 25), 25);
  EXPECT_EQ(SampledFrame(3, 29.97), 45);
  EXPECT_EQ(SampledFrame(3, 1), 3) << "a slow video is sampled frame by frame";
}

TEST(PictureSignature, MirroredMotionIsThatOfTheMirroredVideo) {
  const Film film;
  PdqHasher hasher(kPdqSide, kPdqSide);
  SignatureMaker plain;
  SignatureMaker mirrored;
  for (int number = 0; number < 3; ++number) {
    std::vector<float> picture = Paint(film, number);
    plain.Add(hasher.Transform(picture.data()));
    for (size_t row = 0; row < kPdqSide; ++row) {
      std::reverse(picture.begin() + row * kPdqSide, picture.begin() + (row + 1) * kPdqSide);
    }
    mirrored.Add(hasher.Transform(picture.data()));
  }
  const VideoSignature a = plain.Take();
  const VideoSignature b = mirrored.Take();
  EXPECT_LE(
      __builtin_popcountll(MirroredRises(a[0].motion[kWhole].rises) ^ b[0].motion[kWhole].rises),
      1);
  EXPECT_LE(Distance(a[0].mirrored, b[0].parts[kWhole]), 2);
  EXPECT_TRUE(a[0].has_next && !a[2].has_next);
}

TEST(PairFinder, FindsTheSameFilmAtItsOffset) {
  Film late;
  late.begin = 2;
  Film other;
  other.room = 50;
  const std::vector<PicturePair> pairs = PairsAmong({Sign({}), Sign(other), Sign(late)});
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].a, 0U);
  EXPECT_EQ(pairs[0].b, 2U);
  EXPECT_EQ(pairs[0].offset, -2);
  EXPECT_EQ(pairs[0].score, 1);
  EXPECT_EQ(pairs[0].motion_disagreement, 0);
  EXPECT_FALSE(pairs[0].mirrored);
}

// The hashes are near each other, because most of each picture is the same room.
TEST(PairFinder, MotionTellsFilmsOfOneRoomApart) {
  Film other;
  other.actor = 3;
  const VideoSignature a = Sign({});
  const VideoSignature b = Sign(other);
  int num_near = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const int distance = Distance(a[i].parts[kWhole], b[i].parts[kWhole]);
    num_near += distance <= 45 ? 1 : 0;
  }
  EXPECT_GE(num_near, 4);
  EXPECT_TRUE(PairsAmong({a, b}).empty());
}

TEST(PairFinder, StillFilmsArePairsIfTheyAreTheSamePicture) {
  Film still;
  still.actor = 0;
  Film other = still;
  other.room = 90;
  EXPECT_EQ(PairsAmong({Sign(still), Sign(still), Sign(other)}).size(), 1U);
}

TEST(PairFinder, DarkPicturesDoNotVote) {
  Film dark;
  dark.contrast = 0.04F;
  EXPECT_TRUE(PairsAmong({Sign(dark), Sign(dark)}).empty());
}

TEST(PairFinder, OnePictureIsNoPair) {
  Film one;
  one.num_pictures = 1;
  EXPECT_TRUE(PairsAmong({Sign(one), Sign(one), {}}).empty());
}

TEST(PairFinder, ComparesOnlyWhatItMay) {
  const std::vector<VideoSignature> videos = {Sign({}), Sign({}), Sign({})};
  const PairFinder finder(
      videos, [](size_t a, size_t b) { return a + b == 3; }, 0);
  EXPECT_TRUE(finder.PairsOf(0).pairs.empty());
  ASSERT_EQ(finder.PairsOf(1).pairs.size(), 1U);
  EXPECT_EQ(finder.PairsOf(1).pairs[0].b, 2U);
}

}  // namespace
}  // namespace reel3d
