// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_results.h"

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/visible_text.h"
#include "lib/eval/results_json.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

// Indices of k = 1 and k = 5 among the hit rates for k = 1, 3, 5. Kinetics quotes the errors at
// 1 and 5.
constexpr int kFirst = 0;
constexpr int kFifth = 2;

double MeanError(const std::vector<HitRate>& rates) {
  return 1 - (rates[kFirst].any + rates[kFifth].any) / 2;
}

std::string FormatFigures(const ResultFigures& figures, const EvaluateResultsOptions& options) {
  std::string text = fmt::format(
      "{}: mAP {:.4f} over {} classes; {} of {} videos have answers\n\n{:<18}{:>18}{:>18}\n",
      options.subset, figures.mean_average_precision, figures.average_precision.size(),
      figures.num_videos - figures.num_missing, figures.num_videos, "", "missing are wrong",
      "missing ignored");
  const auto row = [&](const std::string& name, double counted, double ignored) {
    text += fmt::format("{:<18}{:>18.4f}{:>18.4f}\n", name, counted, ignored);
  };
  const std::vector<HitRate>& counted = figures.hit_rates;
  const std::vector<HitRate>& ignored = figures.hit_rates_missing_ignored;
  for (size_t place = 0; place < counted.size(); ++place) {
    row(fmt::format("hit@{}", counted[place].k), counted[place].any, ignored[place].any);
    row(fmt::format("average hit@{}", counted[place].k), counted[place].mean, ignored[place].mean);
  }
  row("error@1", 1 - counted[kFirst].any, 1 - ignored[kFirst].any);
  row("error@5", 1 - counted[kFifth].any, 1 - ignored[kFifth].any);
  row("their mean", MeanError(counted), MeanError(ignored));
  if (options.per_class) {
    text += '\n';
    for (const auto& [label, precision] : figures.average_precision) {
      text += fmt::format("{:.4f}  {}\n", precision, Escaped(label));
    }
  }
  return text;
}

Json HitsToJson(const std::vector<HitRate>& rates) {
  Json list = Json::array();
  for (const HitRate& rate : rates) {
    list.push_back({{"k", rate.k}, {"hit", rate.any}, {"average_hit", rate.mean}});
  }
  return list;
}

Json ErrorsToJson(const std::vector<HitRate>& rates) {
  return {{"error_at_1", 1 - rates[kFirst].any},
          {"error_at_5", 1 - rates[kFifth].any},
          {"mean_error", MeanError(rates)}};
}

void WarnOfOddEntries(const ResultFigures& figures, const std::string& subset) {
  if (figures.num_foreign > 0) {
    LogWarn(fmt::format("{} videos with answers are not in {}: their answers are false positives",
                        figures.num_foreign, subset));
  }
  if (figures.num_odd_entries > 0) {
    LogWarn(
        fmt::format("{} answers have labels that no video of {} has: ActivityNet's own scorer "
                    "refuses such a file, here they count for hit@k alone",
                    figures.num_odd_entries, subset));
  }
}

}  // namespace

void EvaluateResultsOptions::Bind(OptionBinder& binder) {
  binder.Positional("RESULTS.json", &results,
                    "answers: results.json of evaluate-scores, of the reference code, or a "
                    "submission to ActivityNet");
  binder.Positional("TRUTH.json", &truth,
                    "annotations in the form of ActivityNet or of the reference code");
  binder.Bind("subset", &subset, "subset of TRUTH.json whose videos count");
  binder.Bind("per-class", &per_class, "print the average precision of each class");
}

void EvaluateResultsOptions::Check() const {}

EvaluateResultsReport RunEvaluateResults(const EvaluateResultsOptions& options) {
  const TrueLabels truth = ReadTrueLabels(options.truth, options.subset);
  const ResultFigures figures = MeasureResults(truth, ReadResults(options.results), {1, 3, 5});
  WarnOfOddEntries(figures, options.subset);
  EvaluateResultsReport report;
  report.figures = {{"subset", options.subset},
                    {"num_videos", figures.num_videos},
                    {"num_missing", figures.num_missing},
                    {"num_foreign", figures.num_foreign},
                    {"mean_average_precision", figures.mean_average_precision},
                    {"hit_at_k", HitsToJson(figures.hit_rates)},
                    {"hit_at_k_ignoring_missing", HitsToJson(figures.hit_rates_missing_ignored)},
                    {"errors", ErrorsToJson(figures.hit_rates)},
                    {"errors_ignoring_missing", ErrorsToJson(figures.hit_rates_missing_ignored)},
                    {"average_precision", Json(figures.average_precision)}};
  report.text = FormatFigures(figures, options);
  return report;
}

}  // namespace reel3d
