// The stage behind evaluate-results: scores a results.json of any program against annotations, as
// the official scorers of ActivityNet and Kinetics do. It writes no file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct EvaluateResultsOptions {
  std::string results, truth;  // files
  std::string subset = "validation";
  bool per_class = false;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct EvaluateResultsReport {
  nlohmann::ordered_json figures;
  std::string text;
};

// Throws as ReadResults and ReadTrueLabels do.
EvaluateResultsReport RunEvaluateResults(const EvaluateResultsOptions& options);

}  // namespace reel3d
