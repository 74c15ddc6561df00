// Gives the published results of configs/published_results.tsv, which is built into the program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace reel3d::report {

struct PublishedResult {
  std::string experiment, model, data_set, subset, source;
  std::optional<double> top1, top5, average;  // as fractions
};

// Returns one entry for each experiment, model, data set and subset, in the order of the file.
std::vector<PublishedResult> PublishedResults();

}  // namespace reel3d::report
