// Fuzzes the reading of other programs' files: answers and annotations in JSON, tables of labels.
// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/results_json.h"
#include "pipeline/stages/label_file.h"
#include "tests/fuzz/fuzz_target.h"

namespace reel3d::fuzz {
namespace {

enum Form { kResults, kTruth, kLabels };  // places in Readers()

constexpr const char* kResultsText =
    R"({"results": {"a": [{"label": "x", "score": 0.5}, {"label": "y", "score": 0.25}], "b": []}})";
constexpr const char* kTruthText =
    R"({"database": {"a": {"subset": "validation", "annotations": [{"label": "x"}]},
                     "b": {"subset": "validation", "annotations": {"label": "y"}}}})";

// Checks that the figures of any answers are shares, between 0 and 1.
void CheckFigures(const TrueLabels& truth, const std::vector<ResultEntry>& entries) {
  const ResultFigures figures = MeasureResults(truth, entries, {1, 3});
  REEL3D_CHECK(figures.mean_average_precision >= 0 && figures.mean_average_precision <= 1 + 1e-9);
  for (const HitRate& rate : figures.hit_rates) {
    REEL3D_CHECK(rate.mean >= 0 && rate.mean <= rate.any && rate.any <= 1);
  }
}

const FileReaders& Readers() {
  using std::filesystem::path;
  static const FileReaders readers = {
      [](const path& file) {
        CheckFigures({{"a", {"x"}}, {"b", {"y", "z"}}}, ReadResults(file));
      },
      [](const path& file) {
        CheckFigures(ReadTrueLabels(file, "validation"), {{"a", "x", 1}});
      },
      [](const path& file) {
        ReadLabelSets(file, {"x", "y"}, "validation");
      }};
  return readers;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {FileAndNumbers::Join(kResultsText, {kResults}),
          FileAndNumbers::Join(kTruthText, {kTruth}),
          FileAndNumbers::Join("id\tlabel\na\tx\na\ty\n", {kLabels})};
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return reel3d::fuzz::TryReader(reel3d::fuzz::Readers(), data, size);
}
