// Fuzzes the evaluation and the comparison of score files. One of the first inputs is a file of
// version 1. It has no checksums, so its damaged values reach the figures.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "lib/base/file.h"
#include "lib/eval/comparison.h"
#include "lib/eval/evaluation.h"
#include "lib/eval/score_file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"

namespace reel3d::fuzz {
namespace {

// Missing videos take part in each draw of the bootstrap, so a file that claims millions of them
// only takes time.
constexpr int64_t kMostExpected = 1000;

bool IsShare(double share) { return share >= 0 && share <= 1; }

void CheckEvaluation(const SubsetScores& subset) {
  EvaluationOptions options;
  options.resampling.num_resamples = 3;
  options.precision = 0.9;
  const Evaluation evaluation = Evaluate(subset, options);
  REEL3D_CHECK(IsShare(evaluation.figures.top1.missing_wrong));
  REEL3D_CHECK(IsShare(evaluation.calibration.as_scored.ece));
  REEL3D_CHECK(std::isfinite(evaluation.ranking.mean_average_precision));
}

void CheckComparison(const SubsetScores& subset) {
  ComparisonOptions options;
  options.resampling.num_resamples = 3;
  const Comparison comparison = Compare(subset, subset, options);
  REEL3D_CHECK(comparison.top1.flips.to_right == 0 && comparison.top1.flips.to_wrong == 0);
}

}  // namespace

std::vector<std::string> Seeds() {
  const test::TemporaryFolder folder;
  Scores scores;
  scores.subset = "validation";
  scores.num_videos_expected = 4;
  scores.classes = {"jump", "run", "wave"};
  scores.videos = {{"first", 1}, {"second", -1}, {"third", 0}};
  scores.clips = {{0, 0, 16}, {0, 16, 9}, {1, 0, 16}, {2, 0, 16, 0}, {2, 0, 16, 1}};
  scores.logits = {0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 1, 2, 2, 0};
  WriteScores(folder / "scores.h5", scores);
  return {ReadFile(folder / "scores.h5")};
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  const fuzz::ScratchFile space;
  const std::filesystem::path folder = space.path().string() + ".scores";
  std::filesystem::create_directory(folder);
  {
    const fuzz::ScratchFile file(data, size);
    std::filesystem::rename(file.path(), folder / ScoreFileName(0));
  }
  fuzz::AllowInputErrors([&] {
    ScoresRequest request;
    request.allow_missing = true;
    request.threads = 1;
    request.readings = ReadingsOfEvaluation(request.averaging);
    const SubsetScores subset = ReadSubsetScores(folder, request);
    if (subset.num_expected <= fuzz::kMostExpected) {
      fuzz::CheckEvaluation(subset);
      fuzz::CheckComparison(subset);
    }
  });
  std::filesystem::remove_all(folder);
  return 0;
}
