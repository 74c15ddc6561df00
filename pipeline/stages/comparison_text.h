// Writes a comparison of two runs for people and for programs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/eval/comparison.h"

namespace reel3d {

struct ComparisonNames {
  std::string a, b;  // the runs
  const std::vector<std::string>& classes;
  double margin = 0;  // of equivalence, as a fraction
};

// Returns the verdict as one sentence, then what it rests on.
std::string FormatComparison(const Comparison& comparison, const ComparisonNames& names);
nlohmann::ordered_json ComparisonToJson(const Comparison& comparison, const ComparisonNames& names);

// Each returns the rows of one comparison, without the header.
std::string FormatComparedClasses(const Comparison& comparison, const ComparisonNames& names);
std::string FormatFlips(const Comparison& comparison, const ComparisonNames& names);
inline constexpr const char* kComparedClassesHeader =
    "run\tclass\tnum_videos\ttop1_first\ttop1_run\tto_wrong\tto_right\tp_value\tadjusted_p_value\n";
inline constexpr const char* kFlipsHeader = "run\tid\tlabel\tanswer_first\tanswer_run\tright_is\n";

}  // namespace reel3d
