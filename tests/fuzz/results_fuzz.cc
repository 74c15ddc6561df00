// Fuzzes the files beside the scores that evaluate-scores and evaluate-results read: answers and
// annotations in JSON, tables of labels and of properties, lists of classes, doubts, the report of
// score-videos.
// SPDX-License-Identifier: Apache-2.0
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/data/doubt.h"
#include "lib/eval/results_json.h"
#include "pipeline/stages/known_slices.h"
#include "pipeline/stages/label_file.h"
#include "pipeline/stages/side_table.h"
#include "tests/fuzz/fuzz_target.h"

namespace reel3d::fuzz {
namespace {

// Places in Readers().
enum Form { kResults, kTruth, kLabels, kSlices, kMeasured, kReport, kIds, kClasses, kDoubts };

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

constexpr const char* kSlicesText =
    "id\tfps\tnum_frames\tsource\na\t25\t50\tcam\nb\t12.5\t75\tweb\nz\t50\t1\tx\n";
constexpr const char* kMeasuredText =
    "id\tnum_frames\tfps\tbrightness\tmotion\tdata_fingerprint\n"
    "a\t50\t25\t100.5\t\t00c0ffee\nb\t75\t\t20\t3\t00c0ffee\n";
constexpr const char* kReportText =
    R"({"inputs": [{"path": "c", "identity": "1"}, {"path": "shards", "identity": "00c0ffee"}],
        "clip": {"from_videos": false}})";
constexpr const char* kDoubtsText =
    R"({"doubts": ["old", {"kind": "one class", "classes": ["x"], "text": "new"}]})";

// Checks that the slices of any table are parts of the two videos.
template <class ReadColumns>
void CheckSlices(const ReadColumns& read_columns) {
  for (const Slice& slice : MeasureSlices({true, false}, read_columns({{"a", "b"}, "00c0ffee"}))) {
    REEL3D_CHECK(slice.num_videos >= 1 && slice.num_videos <= 2);
  }
}

// The report of score-videos says where the scored shards are.
void LookForShards(const std::filesystem::path& file) {
  const std::filesystem::path run = file.string() + ".run";
  std::filesystem::create_directories(run / "scores");
  std::filesystem::copy_file(file, run / "scores/report.json");
  FindSliceColumns(run / "scores", {{"a", "b"}, "00c0ffee"});
  std::filesystem::remove_all(run);
}

void CheckNumbering(const std::filesystem::path& file) {
  const ClassNumbering numbering = ReadClassNumbering(file, {"x", "y"});
  REEL3D_CHECK(NumRightUnder(numbering, {"x", "y"}, {{1, 0}, {0, 1}}) <= 2);
}

void CheckDoubts(const std::filesystem::path& file) {
  const nlohmann::ordered_json report = ReadJsonObject(file);
  UseJson(file.string(),
          [&] { DoubtsFromJson(report.value("doubts", nlohmann::ordered_json::array())); });
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
        ReadLabelSets(file, {"x", "y"}, "validation", {"a", "b"});
      },
      [](const path& file) {
        CheckSlices([&](const ScoredIds& scored) { return ReadSliceColumns(file, {}, scored); });
      },
      [](const path& file) {
        CheckSlices([&](const ScoredIds& scored) { return ReadMeasuredColumns(file, scored); });
      },
      LookForShards,
      [](const path& file) {
        ReadIds(file, {"a", "b"});
      },
      CheckNumbering,
      CheckDoubts};
  return readers;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {FileAndNumbers::Join(kResultsText, {kResults}),
          FileAndNumbers::Join(kTruthText, {kTruth}),
          FileAndNumbers::Join("id\tlabel\na\tx\na\ty\n", {kLabels}),
          FileAndNumbers::Join(kSlicesText, {kSlices}),
          FileAndNumbers::Join(kMeasuredText, {kMeasured}),
          FileAndNumbers::Join(kReportText, {kReport}),
          FileAndNumbers::Join(kSlicesText, {kIds}),
          FileAndNumbers::Join("y\nx\n", {kClasses}),
          FileAndNumbers::Join(kDoubtsText, {kDoubts})};
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reel3d::SetLogLevel("error");  // videos without a row are a warning
  return reel3d::fuzz::TryReader(reel3d::fuzz::Readers(), data, size);
}
