// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/pdq_hasher.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "lib/base/error.h"

namespace reel3d {
namespace {

constexpr int kMinSide = 5;
// Each sample counts as this many pixels when parts are cut out of an axis. A twentieth of any axis
// is then a whole number of pixels.
constexpr int kPixelsPerSample = 20;

struct Window {
  int begin, end;
  double weight() const { return 1.0 / (end - begin); }
};

// Returns the pixels whose mean is the output of a box filter at `at`: `width` pixels, fewer at the
// ends.
Window BoxAt(int at, int width, int length) {
  const int ahead = (width + 2) / 2;
  return {std::max(0, at - width + ahead), std::min(length, at + ahead)};
}

// Returns a matrix [kPdqSide][samples]: the weight of each sample in each pixel of the shrunken
// picture. The picture is the part with `length` pixels from `begin` on.
std::vector<double> ShrinkMatrix(int samples, int pixels_per_sample, int begin, int length) {
  std::vector<double> matrix(static_cast<size_t>(kPdqSide) * samples);
  const int width = (length + 2 * kPdqSide - 1) / (2 * kPdqSide);
  for (int out = 0; out < kPdqSide; ++out) {
    const auto centre = static_cast<int>((out + 0.5) * length / kPdqSide);
    const Window second = BoxAt(centre, width, length);
    for (int middle = second.begin; middle < second.end; ++middle) {
      const Window first = BoxAt(middle, width, length);
      for (int pixel = first.begin; pixel < first.end; ++pixel) {
        const int sample = (begin + pixel) / pixels_per_sample;
        matrix[static_cast<size_t>(out) * samples + sample] += second.weight() * first.weight();
      }
    }
  }
  return matrix;
}

// Returns the sum of the slopes between `count` values and the values `ahead` places after them.
// Only slopes of at least a hundredth of the range count.
int VisibleSlopes(const float* values, int count, int ahead) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    sum += std::abs(static_cast<int>((values[i] - values[i + ahead]) * 100 / 255));
  }
  return sum;
}

int QualityOf(const std::vector<float>& small) {
  int sum = VisibleSlopes(small.data(), kPdqSide * (kPdqSide - 1), kPdqSide);
  for (int y = 0; y < kPdqSide; ++y) {
    sum += VisibleSlopes(small.data() + static_cast<ptrdiff_t>(y) * kPdqSide, kPdqSide - 1, 1);
  }
  return std::min(100, sum / 90);
}

}  // namespace

PdqHash HashOf(const PdqSpectrum& spectrum) {
  std::array<float, size_t{kPdqFrequencies} * kPdqFrequencies> sorted;
  const float* const values = spectrum[0].data();
  std::copy_n(values, sorted.size(), sorted.begin());
  const auto median = sorted.begin() + sorted.size() / 2 - 1;
  std::nth_element(sorted.begin(), median, sorted.end());
  PdqHash hash;
  for (size_t bit = 0; bit < sorted.size(); ++bit) {
    hash.words[bit / 64] |= static_cast<uint64_t>(values[bit] > *median) << (bit % 64);
  }
  return hash;
}

PdqSpectrum Mirrored(const PdqSpectrum& spectrum) {
  PdqSpectrum mirrored = spectrum;
  for (auto& row : mirrored) {
    for (size_t j = 0; j < row.size(); j += 2) {
      row[j] = -row[j];  // frequency j + 1 is odd
    }
  }
  return mirrored;
}

// Returns the shrinking and the transform of the shrunken axis as one matrix.
PdqHasher::Matrix PdqHasher::MakeMatrix(const std::vector<double>& shrink, int samples) {
  const double pi = std::acos(-1.0);
  Matrix matrix(static_cast<size_t>(samples));
  for (int frequency = 0; frequency < kPdqFrequencies; ++frequency) {
    std::vector<double> row(static_cast<size_t>(samples));
    for (int k = 0; k < kPdqSide; ++k) {
      const double wave =
          std::sqrt(2.0 / kPdqSide) * std::cos(pi / (2 * kPdqSide) * (frequency + 1) * (2 * k + 1));
      for (int sample = 0; sample < samples; ++sample) {
        row[sample] += wave * shrink[static_cast<size_t>(k) * samples + sample];
      }
    }
    for (int sample = 0; sample < samples; ++sample) {
      matrix[sample][frequency] = static_cast<float>(row[sample]);
    }
  }
  return matrix;
}

PdqHasher::Axis PdqHasher::MakeAxis(int samples) {
  REEL3D_CHECK(samples >= kMinSide);
  Axis axis;
  axis.shrink = ShrinkMatrix(samples, 1, 0, samples);
  axis.spans[kAll] = MakeMatrix(axis.shrink, samples);
  const int margin = kPixelsPerSample / 20 * samples;  // a twentieth
  for (const auto& [span, begin] :
       {std::pair(kMiddle, margin), std::pair(kFirst, 0), std::pair(kLast, 2 * margin)}) {
    axis.spans[span] = MakeMatrix(
        ShrinkMatrix(samples, kPixelsPerSample, begin, kPixelsPerSample * samples - 2 * margin),
        samples);
  }
  return axis;
}

PdqHasher::PdqHasher(int width, int height)
    : width_(width),
      height_(height),
      horizontal_(MakeAxis(width)),
      vertical_(MakeAxis(height)),
      narrow_(static_cast<size_t>(height) * kPdqSide),
      small_(static_cast<size_t>(kPdqSide) * kPdqSide) {
  for (Matrix& rows : rows_) {
    rows.resize(static_cast<size_t>(height));
  }
}

void PdqHasher::Shrink(const float* luma) {
  if (width_ == kPdqSide && height_ == kPdqSide) {
    std::copy_n(luma, small_.size(), small_.begin());
    return;
  }
  for (int y = 0; y < height_; ++y) {
    for (int out = 0; out < kPdqSide; ++out) {
      double sum = 0;
      for (int x = 0; x < width_; ++x) {
        sum += horizontal_.shrink[static_cast<size_t>(out) * width_ + x] *
               luma[static_cast<size_t>(y) * width_ + x];
      }
      narrow_[static_cast<size_t>(y) * kPdqSide + out] = sum;
    }
  }
  for (int out = 0; out < kPdqSide; ++out) {
    for (int x = 0; x < kPdqSide; ++x) {
      double sum = 0;
      for (int y = 0; y < height_; ++y) {
        sum += vertical_.shrink[static_cast<size_t>(out) * height_ + y] *
               narrow_[static_cast<size_t>(y) * kPdqSide + x];
      }
      small_[static_cast<size_t>(out) * kPdqSide + x] = static_cast<float>(sum);
    }
  }
}

const PdqPicture& PdqHasher::Transform(const float* luma) {
  for (int span = 0; span < kNumSpans; ++span) {
    const Matrix& matrix = horizontal_.spans[span];
    for (int y = 0; y < height_; ++y) {
      Wave sums{};
      const float* const row = luma + static_cast<size_t>(y) * width_;
      for (int x = 0; x < width_; ++x) {
        sums += row[x] * matrix[x];
      }
      rows_[span][y] = sums;
    }
  }
  static constexpr Span kAcross[kNumParts] = {kAll, kMiddle, kFirst, kLast, kFirst, kLast};
  static constexpr Span kDown[kNumParts] = {kAll, kMiddle, kFirst, kFirst, kLast, kLast};
  for (int part = 0; part < kNumParts; ++part) {
    const Matrix& rows = rows_[kAcross[part]];
    const Matrix& matrix = vertical_.spans[kDown[part]];
    for (int i = 0; i < kPdqFrequencies; ++i) {
      Wave sums{};
      for (int y = 0; y < height_; ++y) {
        sums += matrix[y][i] * rows[y];
      }
      std::memcpy(picture_.spectra[part][i].data(), &sums, sizeof(sums));
    }
  }
  Shrink(luma);
  picture_.quality = QualityOf(small_);
  return picture_;
}

}  // namespace reel3d
