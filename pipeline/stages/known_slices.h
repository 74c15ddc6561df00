// Finds what is known of the scored videos, so that evaluate-scores can cut them into slices
// without being given a table. What is found does not depend on where the run's folder lies.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/eval/slices.h"
#include "pipeline/stages/side_table.h"

namespace reel3d {

// The table of measure-videos that Makefile.workflow makes, in the folder of a run.
constexpr const char* kMeasuredTable = "measured.tsv";

// Returns the columns of the first of these that can be used; none if there is none:
// 1. measured.tsv beside `scores_dir`, or beside the shards that its report.json names, unless they
//    hold other data. The table must say that it was measured on the data that was scored,
// 2. the index of `shards` beside `scores_dir`, or of the shards that report.json names, if they
//    are the data that was scored: their fingerprint is `scored.data`. It gives duration_s and fps
//    only.
//
// A column has a value for each of the scored videos; "" where it is not known. A table or
// index that cannot be used is passed over with a warning. If report.json names shards that are
// gone or hold other data, a line of the log says so; it is no error.
std::vector<SliceColumn> FindSliceColumns(const std::filesystem::path& scores_dir,
                                          const ScoredIds& scored);

}  // namespace reel3d
