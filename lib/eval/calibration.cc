// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/calibration.h"

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <numeric>

#include "lib/base/error.h"
#include "lib/base/parallel.h"
#include "lib/eval/exponentials.h"
#include "lib/eval/row_passes.h"

namespace reel3d {

Reliability MeasureReliability(const std::vector<Forecast>& forecasts, int num_bins) {
  REEL3D_CHECK(num_bins > 0);
  Reliability reliability;
  reliability.bins.resize(static_cast<size_t>(num_bins));
  for (const Forecast& forecast : forecasts) {
    const int place = static_cast<int>(std::ceil(forecast.confidence * num_bins)) - 1;
    ReliabilityBin& bin = reliability.bins[static_cast<size_t>(std::clamp(place, 0, num_bins - 1))];
    ++bin.num_videos;
    bin.mean_confidence += forecast.confidence;
    bin.accuracy += forecast.is_right ? 1 : 0;
  }
  const auto num_videos = static_cast<double>(std::max<size_t>(1, forecasts.size()));
  for (int place = 0; place < num_bins; ++place) {
    ReliabilityBin& bin = reliability.bins[static_cast<size_t>(place)];
    bin.low = static_cast<double>(place) / num_bins;
    bin.high = static_cast<double>(place + 1) / num_bins;
    reliability.mean_confidence += bin.mean_confidence / num_videos;
    reliability.accuracy += bin.accuracy / num_videos;
    if (bin.num_videos > 0) {
      const auto in_bin = static_cast<double>(bin.num_videos);
      bin.mean_confidence /= in_bin;
      bin.accuracy /= in_bin;
      const double gap = std::abs(bin.mean_confidence - bin.accuracy);
      reliability.ece += gap * in_bin / num_videos;
      reliability.largest_gap = std::max(reliability.largest_gap, gap);
    }
  }
  return reliability;
}

namespace {

double LossOf(const LabelledLogits& video, double scale) {
  std::vector<double> row = video.logits;
  const double largest = LargestOf(row.data(), row.size());
  for (double& value : row) {
    value = (value - largest) * scale;
  }
  const double of_label = row[static_cast<size_t>(video.label)];
  Exponentials(row.data(), row.size());
  return std::log(SumOf(row.data(), row.size())) - of_label;
}

}  // namespace

double LogLoss(const std::vector<LabelledLogits>& videos, double temperature, int threads) {
  std::vector<double> losses(videos.size());
  ParallelFor(videos.size(), threads,
              [&](size_t video) { losses[video] = LossOf(videos[video], 1 / temperature); });
  const double sum = std::accumulate(losses.begin(), losses.end(), 0.0);
  return videos.empty() ? 0 : sum / static_cast<double>(videos.size());
}

double FitTemperature(const std::vector<LabelledLogits>& videos, int threads) {
  if (videos.empty()) {
    return 1;
  }
  constexpr int kBits = 18;  // precision of the logarithm: the temperature is good to five digits
  const double range = std::log(20.0);
  const auto loss = [&](double log_temperature) {
    return LogLoss(videos, std::exp(log_temperature), threads);
  };
  return std::exp(boost::math::tools::brent_find_minima(loss, -range, range, kBits).first);
}

}  // namespace reel3d
