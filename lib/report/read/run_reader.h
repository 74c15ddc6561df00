// Reads the files of a run, in the formats of docs/reference/formats.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/report/read/run_record.h"

namespace reel3d::report {

// Reads a run's folder: one of Makefile.workflow (with train/, scores/, evaluation/ and the rest,
// of which any may be absent), or one that train-r3d or evaluate-scores wrote. Throws an input
// error if the folder is none of these. Damaged files are sentences in `missing`.
RunRecord ReadRun(const std::filesystem::path& folder);

// Reads several runs and gives each a name of its own: the last parts of its path.
std::vector<RunRecord> ReadRuns(const std::vector<std::string>& folders);

// Reads metrics.json, figures.json, confusion.tsv and predictions.tsv of evaluate-scores.
EvaluationRecord ReadEvaluation(const std::filesystem::path& folder,
                                std::vector<std::string>* missing);

}  // namespace reel3d::report
