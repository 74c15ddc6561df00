// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/eval/bootstrap.h"
#include "lib/eval/interval.h"
#include "lib/eval/paired_test.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

// A labelled video that both runs answered. `first` is the answer of the first run, `run` that of
// the other run: right (1) or wrong (0).
struct Pair {
  int first = 0, run = 0;
};

std::vector<Pair> PairsOf(const EvaluationRecord& first, const EvaluationRecord& run) {
  std::vector<Pair> pairs;
  for (const auto& [id, is_right] : first.is_right) {
    const auto other = run.is_right.find(id);
    if (other != run.is_right.end()) {
      pairs.push_back({is_right ? 1 : 0, other->second ? 1 : 0});
    }
  }
  return pairs;
}

// Returns the 95 % interval of the difference, as compare-scores computes it.
Interval IntervalOf(const std::vector<Pair>& pairs) {
  const auto difference = [&](const Draws& draws) {
    double sum = 0;
    for (size_t video = 0; video < pairs.size(); ++video) {
      sum += static_cast<double>(draws[video]) * (pairs[video].run - pairs[video].first);
    }
    return std::vector<double>{sum / static_cast<double>(pairs.size())};
  };
  const auto values = BootstrapValues(NumberGroups({}, pairs.size()), Resampling(), difference);
  return PercentileInterval(values.front());
}

// Returns a difference of shares as "+1.25".
Cell PointsCell(double difference) {
  return {difference, fmt::format("{:+.2f}", 100 * difference)};
}

// Returns tiny values of p as "< 0.0001".
Cell PValueCell(double p) { return p < 0.0001 ? Cell{p, "< 0.0001"} : NumberCell(p); }

Row RowOf(const RunRecord& run, const std::vector<Pair>& pairs) {
  const auto count = [&](int first, int other) {
    return std::count_if(pairs.begin(), pairs.end(), [&](const Pair& pair) {
      return pair.first == first && pair.run == other;
    });
  };
  const auto to_right = count(0, 1);
  const auto to_wrong = count(1, 0);
  const Interval interval = IntervalOf(pairs);
  const auto size = static_cast<double>(pairs.size());
  return {{TextCell(run.name), CountCell(size), CountCell(static_cast<double>(to_right)),
           CountCell(static_cast<double>(to_wrong)),
           PointsCell(static_cast<double>(to_right - to_wrong) / size), PointsCell(interval.low),
           PointsCell(interval.high), PValueCell(McNemarPValue(to_wrong, to_right))},
          false};
}

}  // namespace

Content MakeCompared(const std::vector<RunRecord>& runs) {
  Content content;
  if (runs.size() < 2) {
    return content;
  }
  Table table;
  table.title = "Each run against the first";
  table.columns = {{"run"},
                   {"common videos", true},
                   {"wrong to right", true},
                   {"right to wrong", true},
                   {"difference, points", true},
                   {"from", true},
                   {"to", true},
                   {"p", true}};
  for (size_t run = 1; run < runs.size(); ++run) {
    const std::vector<Pair> pairs = PairsOf(runs.front().evaluation, runs[run].evaluation);
    if (pairs.empty()) {
      content.AddText(fmt::format("{} and {} have no labelled video in common.", runs.front().name,
                                  runs[run].name));
    } else {
      table.rows.push_back(RowOf(runs[run], pairs));
    }
  }
  if (!table.rows.empty()) {
    content.AddText(
        fmt::format("Each run against {}, on the videos that both answered.", runs.front().name));
    content.AddTable("compared", table);
    content.AddText(
        "Only videos that one run has right and the other wrong say anything. p is of McNemar's "
        "exact test, the interval a paired bootstrap; both take videos as independent. "
        "compare-scores knows groups, equivalence and classes.",
        "note");
  }
  return content;
}

}  // namespace reel3d::report
