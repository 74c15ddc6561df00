// Compares how sure a network is with how often it is right.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace reel3d {

// An answer with its probability.
struct Forecast {
  double confidence = 0;  // probability of the predicted class, 0 .. 1
  bool is_right = false;
};

struct ReliabilityBin {
  double low = 0, high = 0;  // holds confidences above `low`, up to and including `high`
  int64_t num_videos = 0;
  double mean_confidence = 0, accuracy = 0;  // 0 without videos
};

struct Reliability {
  std::vector<ReliabilityBin> bins;  // of equal width
  double mean_confidence = 0, accuracy = 0;
  // Expected calibration error (Naeini 2015, Guo 2017): the mean over videos of the distance
  // between their bin's confidence and accuracy.
  double ece = 0;
  double largest_gap = 0;  // the largest such distance of a bin
};

constexpr int kReliabilityBins = 15;  // as Guo 2017 and torchmetrics have it

Reliability MeasureReliability(const std::vector<Forecast>& forecasts,
                               int num_bins = kReliabilityBins);

struct LabelledLogits {
  std::vector<double> logits;
  int label = 0;
};

// Returns the mean negative log-likelihood of the labels under softmax(logits / temperature). It
// does not depend on the number of threads.
double LogLoss(const std::vector<LabelledLogits>& videos, double temperature, int threads = 1);

// Returns the temperature between 1/20 and 20 with the least LogLoss() (Guo 2017), by Brent's
// method on its logarithm. The loss is convex in 1 / temperature, so there is one minimum. Returns
// 1 without videos.
double FitTemperature(const std::vector<LabelledLogits>& videos, int threads = 1);

}  // namespace reel3d
