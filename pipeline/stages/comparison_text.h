// Writes a comparison of two runs for people and for programs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/tsv_writer.h"
#include "lib/data/frame_facts.h"
#include "lib/eval/comparison.h"

namespace reel3d {

struct ComparisonNames {
  std::string a, b;  // the runs
  const std::vector<std::string>& classes;
  double margin = 0;  // of equivalence, as a fraction
  // In what the frames of B were prepared unlike those of A, whose values are `trained`.
  std::vector<TrainingDifference> frames = {};
};

// Returns the verdict as one sentence, then the figures that it is based on. The last line says in
// what the frames differ, if they do; FormatDifferences() says the rest.
std::string FormatComparison(const Comparison& comparison, const ComparisonNames& names);
nlohmann::ordered_json ComparisonToJson(const Comparison& comparison, const ComparisonNames& names);

// Make the tables per_class.tsv and flips.tsv, and add the rows of one comparison to a table.
TsvWriter ComparedClassesTable();
void AddComparedClasses(const Comparison& comparison, const ComparisonNames& names,
                        TsvWriter* table);
TsvWriter FlipsTable();
void AddFlips(const Comparison& comparison, const ComparisonNames& names, TsvWriter* table);

}  // namespace reel3d
