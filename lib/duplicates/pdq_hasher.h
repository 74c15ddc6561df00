// Computes the PDQ hash of a picture's luma: a tent filter shrinks it to 64 x 64 samples, and a
// cosine transform follows. Each of the 16 x 16 lowest frequencies (without the mean) is compared
// with their median. Source: "The TMK+PDF Video-Hashing Algorithm and the PDQ Image-Hashing
// Algorithm", Facebook 2019. tests/golden/make_pdq_golden.py compares it with another
// implementation.
//
// Filter, shrinking and transform are linear, so this class multiplies the picture by one matrix
// per axis that holds all three. Parts of the picture have their own matrices, so the parts need
// not be cut out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "lib/duplicates/pdq_hash.h"

namespace reel3d {

// The parts of a picture that are hashed: all of it, and squares of 90 % of its width and height.
enum Part { kWhole, kCentre, kTopLeft, kTopRight, kBottomLeft, kBottomRight };
constexpr int kNumParts = 6;

constexpr int kPdqSide = 64;         // samples of the shrunken picture
constexpr int kPdqFrequencies = 16;  // per axis, without the mean

// Coefficient [i][j] of vertical frequency i + 1 and horizontal frequency j + 1.
using PdqSpectrum = std::array<std::array<float, kPdqFrequencies>, kPdqFrequencies>;

struct PdqPicture {
  std::array<PdqSpectrum, kNumParts> spectra{};  // by Part
  // The sum of the slopes that can be seen, 0 .. 100. PDQ's authors do not trust a hash whose
  // picture has less than kPdqMinQuality: it is flat, dark or out of focus.
  int quality = 0;
};
constexpr int kPdqMinQuality = 50;

// Returns the hash of coefficients.
PdqHash HashOf(const PdqSpectrum& spectrum);
// Returns the coefficients of the picture with left and right exchanged.
PdqSpectrum Mirrored(const PdqSpectrum& spectrum);

// Keeps the matrices of pictures of one size. Use one hasher per thread.
class PdqHasher {
 public:
  // The size is in pixels, at least 5 each.
  PdqHasher(int width, int height);

  // `luma` holds height rows of width values, 0 .. 255.
  const PdqPicture& Transform(const float* luma);

 private:
  // One value for each frequency. The compiler adds and multiplies all values at once.
  using Wave = float __attribute__((vector_size(kPdqFrequencies * sizeof(float))));
  // The indices are [sample][frequency]; it covers one part of one axis.
  using Matrix = std::vector<Wave>;
  enum Span { kAll, kMiddle, kFirst, kLast };
  static constexpr int kNumSpans = 4;
  struct Axis {
    std::vector<double> shrink;  // [kPdqSide][samples]
    std::array<Matrix, kNumSpans> spans;
  };

  static Axis MakeAxis(int samples);
  static Matrix MakeMatrix(const std::vector<double>& shrink, int samples);
  void Shrink(const float* luma);

  const int width_, height_;
  const Axis horizontal_, vertical_;
  std::array<Matrix, kNumSpans> rows_;  // the picture's rows, transformed
  std::vector<double> narrow_;
  std::vector<float> small_;  // the shrunken picture
  PdqPicture picture_;
};

}  // namespace reel3d
