// SPDX-License-Identifier: Apache-2.0
#include "lib/report/read/published.h"

#include "lib/base/text_lines.h"
#include "lib/report/read/published_text.h"
#include "lib/report/read/tolerant.h"

namespace reel3d::report {
namespace {

bool IsSame(const PublishedResult& a, const PublishedResult& b) {
  return a.experiment == b.experiment && a.model == b.model && a.data_set == b.data_set &&
         a.subset == b.subset;
}

}  // namespace

std::vector<PublishedResult> PublishedResults() {
  enum { kExperiment, kModel, kDataSet, kSubset, kMetric, kValue, kSource, kNumColumns };
  std::vector<PublishedResult> results;
  TextLines lines(kPublishedText, "configs/published_results.tsv");
  std::string_view line;
  lines.Next(&line);  // the header
  while (lines.Next(&line)) {
    const std::vector<std::string_view> fields = SplitAtTabs(line);
    if (fields.size() != kNumColumns) {
      continue;
    }
    const auto text = [&](int column) { return std::string(fields[column]); };
    PublishedResult result = {
        text(kExperiment), text(kModel), text(kDataSet), text(kSubset), text(kSource), {}, {}, {}};
    if (results.empty() || !IsSame(results.back(), result)) {
      results.push_back(result);
    }
    const std::optional<double> value = ParseNumber(fields[kValue]);
    const std::string metric = text(kMetric);
    const auto share = value ? std::optional<double>(*value / 100) : std::nullopt;
    if (metric == "top1" || metric == "video top1") {
      results.back().top1 = share;
    } else if (metric == "top5" || metric == "video top5") {
      results.back().top5 = share;
    } else {
      results.back().average = share;
    }
  }
  return results;
}

}  // namespace reel3d::report
