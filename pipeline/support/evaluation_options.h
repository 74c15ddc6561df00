// Options that are shared by the tools that turn the scores of clips into answers and figures.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/option_binder.h"
#include "lib/eval/averaging.h"

namespace reel3d {

// Names the rule that combines the scores of a video's clips into one score per class.
struct AveragingOptions {
  std::string average = "softmax";

  // Binds --average.
  void Bind(OptionBinder& binder);
  Averaging Rule() const { return ParseAveraging(average); }
};

// Decides which clips of a video are used, and how their scores are combined.
struct ClipReadingOptions {
  AveragingOptions averaging;
  int min_distinct = 1;

  // Binds --average and --min-distinct.
  void Bind(OptionBinder& binder);
};

// Decides how videos are drawn for the confidence intervals of figures.
struct IntervalOptions {
  std::string group_regex;  // over ids; empty: no groups
  int64_t seed = 0;

  // Binds --group-regex and --seed.
  void Bind(OptionBinder& binder);
  // Throws a usage error on a regular expression that names no group.
  void Check() const;
};

}  // namespace reel3d
