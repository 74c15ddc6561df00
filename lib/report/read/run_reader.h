// Reads the files of a run, in the formats of docs/reference/formats.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/report/read/run_record.h"

namespace reel3d::report {

// Reads a run's folder. It is the RUN of Makefile.workflow with train/, scores/ or evaluation/, or
// a folder that train-r3d or evaluate-scores wrote; otherwise throws an input error. Absent folders
// and damaged files get a sentence in RunRecord::missing.
RunRecord ReadRun(const std::filesystem::path& folder);

// Reads several runs. The name of a run is the last parts of its path, as many as make names
// differ.
std::vector<RunRecord> ReadRuns(const std::vector<std::string>& folders);

// Reads metrics.json, figures.json, confusion.tsv, predictions.tsv and suspect_labels.tsv of
// evaluate-scores.
EvaluationRecord ReadEvaluation(const std::filesystem::path& folder,
                                std::vector<std::string>* missing);

}  // namespace reel3d::report
