// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Annotations as ActivityNet publishes them: a list of instances. v1 has two of the same label.
constexpr const char* kTruth = R"({"version": "VERSION 1.3", "taxonomy": [], "database": {
  "v1": {"subset": "validation", "annotations": [{"label": "Archery", "segment": [0, 1]},
                                                 {"label": "Archery", "segment": [5, 9]}]},
  "v2": {"subset": "validation", "annotations": [{"label": "Archery"}, {"label": "Baking"}]},
  "v3": {"subset": "validation", "annotations": [{"label": "Cricket"}]},
  "v4": {"subset": "validation", "annotations": [{"label": "Baking"}]},
  "v5": {"subset": "training", "annotations": [{"label": "Diving"}]},
  "v6": {"subset": "testing"},
  "v7": {"subset": "validation", "annotations": []}}})";
constexpr const char* kResults = R"({"version": "VERSION 1.3", "external_data": {"used": false},
  "results": {
  "v1": [{"label": "Archery", "score": 0.9}, {"label": "Baking", "score": 0.5},
         {"label": "Cricket", "score": 0.1}],
  "v2": [{"label": "Cricket", "score": 0.8}, {"label": "Baking", "score": 0.7},
         {"label": "Archery", "score": 0.2}],
  "v3": [{"label": "Archery", "score": 0.6}, {"label": "Cricket", "score": 0.55},
         {"label": "Cricket", "score": 0.54}, {"label": "Baking", "score": 0.3}],
  "v9": [{"label": "Baking", "score": 0.95}]}})";

class EvaluateResults : public ::testing::Test {
 protected:
  EvaluateResultsReport Run(const std::string& results, const std::string& truth,
                            const std::string& subset = "validation") {
    options_.results = folder_ / "results.json";
    options_.truth = folder_ / "truth.json";
    options_.subset = subset;
    WriteFileAtomically(options_.results, results);
    WriteFileAtomically(options_.truth, truth);
    return RunEvaluateResults(options_);
  }

  void ExpectRefused(const std::string& results, const std::string& truth, const char* why,
                     const std::string& subset = "validation") {
    try {
      Run(results, truth, subset);
      ADD_FAILURE() << why;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  }

  test::TemporaryFolder folder_;
  EvaluateResultsOptions options_;
};

// A line of the table must not be forged by the name of a class.
TEST_F(EvaluateResults, AClassOfTwoLinesTakesOneLine) {
  options_.per_class = true;
  const EvaluateResultsReport report =
      Run(R"({"results": {"v": [{"label": "a\n1.0000  b", "score": 1}]}})",
          R"({"database": {"v": {"subset": "validation",
                                 "annotations": [{"label": "a\n1.0000  b"}]}}})");
  EXPECT_THAT(report.text, HasSubstr("\n1.0000  a\\n1.0000  b\n"));
}

TEST_F(EvaluateResults, AsActivityNetDoes) {
  options_.per_class = true;
  const EvaluateResultsReport report = Run(kResults, kTruth);
  EXPECT_THAT(report.text,
              StartsWith("validation: mAP 0.5278 over 3 classes; 3 of 4 videos have answers\n"));
  EXPECT_THAT(report.text, HasSubstr("0.8333  Archery\n"));
  EXPECT_THAT(report.text, HasSubstr("error@1                       0.7500            0.6667\n"));
  EXPECT_DOUBLE_EQ(report.figures["hit_at_k"][1]["hit"], 0.75);
  EXPECT_DOUBLE_EQ(report.figures["average_precision"]["Baking"], 0.25);
  EXPECT_DOUBLE_EQ(report.figures["errors"]["error_at_1"], 0.75);
  EXPECT_DOUBLE_EQ(report.figures["errors"]["error_at_5"], 0.25);
  EXPECT_DOUBLE_EQ(report.figures["errors"]["mean_error"], 0.5);
  EXPECT_DOUBLE_EQ(report.figures["errors_ignoring_missing"]["error_at_1"], 2.0 / 3);
}

// The reference code's annotations have one object for each video, not a list.
TEST_F(EvaluateResults, AsTheReferenceCodeWritesThem) {
  const EvaluateResultsReport report =
      Run(R"({"results": {"a": [{"label": "x", "score": 1}, {"label": "y", "score": 0.5}]}})",
          R"({"labels": ["x", "y"], "database": {
          "a": {"subset": "validation", "annotations": {"label": "y", "segment": [1, 9]}}}})");
  EXPECT_EQ(report.figures["hit_at_k"][0]["hit"], 0);
  EXPECT_EQ(report.figures["hit_at_k"][1]["hit"], 1);
}

TEST_F(EvaluateResults, RefusesOtherFiles) {
  ExpectRefused("[]", kTruth, "results.json: not a JSON object");
  ExpectRefused("{}", kTruth, "results.json has no object \"results\"");
  ExpectRefused(kResults, "{}", "truth.json has no object \"database\"");
  ExpectRefused(R"({"results": {"v1": [{"segment": [0, 1], "result": []}]}})", kTruth,
                "results.json: video v1: ");
  ExpectRefused(R"({"results": {"v1": [{"label": "x", "score": "high"}]}})", kTruth, "video v1: ");
  ExpectRefused(kResults, R"({"database": {"v1": {"annotations": []}}})", "truth.json: video v1: ");
  ExpectRefused(
      kResults, kTruth,
      "has no labelled video of subset val; its subsets are: testing, training, validation", "val");
}

TEST_F(EvaluateResults, AsATool) {
  Run(kResults, kTruth);
  const test::CommandResult result = test::RunCommand(
      {test::ToolPath("evaluate-results"), options_.results, options_.truth, "--json"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("1 videos with answers are not in validation"));
  EXPECT_EQ(nlohmann::json::parse(result.out)["num_missing"], 1);
}

}  // namespace
}  // namespace reel3d
