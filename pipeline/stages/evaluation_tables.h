// Writes the figures of an evaluation for people: a short text, and tables as files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "lib/data/frame_order.h"
#include "lib/eval/evaluation.h"

namespace reel3d {

// table.txt lists all classes only if there are at most this many.
constexpr size_t kMostClassesInText = 30;

// Holds settings that the first line of table.txt names.
struct EvaluationTitle {
  std::string averaging;
  int min_distinct = 1;
  FrameOrder order = FrameOrder::kAsIs;  // in which the network saw the frames
};

// Returns the content of table.txt. It lists all classes if there are at most
// kMostClassesInText, else the weakest.
std::string FormatEvaluation(const SubsetScores& subset, const Evaluation& evaluation,
                             const EvaluationTitle& title);

// Each returns a file of tab separated values with a header. Shares are fractions.
std::string FormatPerClass(const SubsetScores& subset, const Evaluation& evaluation);
std::string FormatConfusion(const SubsetScores& subset, const Evaluation& evaluation);
std::string FormatAverages(const Evaluation& evaluation);     // averages.tsv
std::string FormatWindows(const Evaluation& evaluation);      // windows.tsv
std::string FormatReliability(const Evaluation& evaluation);  // calibration.tsv
std::string FormatSlices(const Evaluation& evaluation);       // slices.tsv

}  // namespace reel3d
