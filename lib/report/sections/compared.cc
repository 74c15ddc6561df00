// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "lib/base/error.h"
#include "lib/data/video_groups.h"
#include "lib/eval/comparison.h"
#include "lib/eval/paired_test.h"
#include "lib/report/draw/number_text.h"
#include "lib/report/sections/all_figures.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

// The videos that both runs answered. Classes have numbers by their names.
struct Paired {
  PairedVideos pairs;
  std::vector<std::string> classes;
  bool has_ranks = true;         // top-5 is known
  int64_t num_other_labels = 0;  // videos with different labels in the two runs, left out
};

class CommonClassNumbers {
 public:
  int NumberOf(const std::string& name) {
    return numbers_.emplace(name, static_cast<int>(numbers_.size())).first->second;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names(numbers_.size());
    for (const auto& [name, number] : numbers_) {
      names[static_cast<size_t>(number)] = name;
    }
    return names;
  }

 private:
  std::map<std::string, int> numbers_;
};

// Returns the rank of the label, as far as it is known: a right answer has 0, a wrong one more.
int RankOf(const Answer& answer) {
  if (answer.label == answer.predicted) {
    return 0;
  }
  return static_cast<int>(std::clamp(answer.rank.value_or(1), 1.0, 1e6));
}

Paired PairsOf(const EvaluationRecord& first, const EvaluationRecord& run) {
  Paired paired;
  CommonClassNumbers numbers;
  for (const auto& [id, a] : first.answers) {
    const auto other = run.answers.find(id);
    if (other == run.answers.end()) {
      ++paired.pairs.num_only_a;
      continue;
    }
    const Answer& b = other->second;
    if (a.label != b.label) {
      ++paired.num_other_labels;
      continue;
    }
    paired.has_ranks = paired.has_ranks && a.rank && b.rank;
    paired.pairs.videos.push_back({id,
                                   numbers.NumberOf(a.label),
                                   numbers.NumberOf(a.predicted),
                                   numbers.NumberOf(b.predicted),
                                   RankOf(a),
                                   RankOf(b),
                                   {},
                                   {}});
  }
  paired.pairs.num_only_b = static_cast<int64_t>(run.answers.size() - paired.pairs.videos.size()) -
                            paired.num_other_labels;
  paired.classes = numbers.Names();
  return paired;
}

// Returns the expression that finds the groups of videos, if both evaluations were made with it.
std::string GroupsOfBoth(const RunRecord& first, const RunRecord& run) {
  const std::string groups = SettingOf(first, "evaluate-scores", "group-regex");
  return groups == SettingOf(run, "evaluate-scores", "group-regex") ? groups : "";
}

bool HasDrawnGroups(const RunRecord& run) {
  return TextOf(run.evaluation.figures, "intervals_over") == "groups";
}

// Says that the comparison draws single videos, if an evaluation drew groups that it cannot find.
void TellUnknownGroups(const RunRecord& first, const RunRecord& run, Content* content) {
  if (GroupsOfBoth(first, run).empty() && (HasDrawnGroups(first) || HasDrawnGroups(run))) {
    content->AddText(
        fmt::format("{} against {}: groups of videos are not known, as the evaluations have no "
                    "--group-regex in common. Single videos are drawn, as if they were "
                    "independent, so the verdict is surer than it should be.",
                    run.name, first.name),
        "warn");
  }
}

// Compares the runs by groups of videos, or by videos if the groups cannot be found; then adds a
// sentence.
Comparison ComparisonOf(const Paired& paired, const std::string& group_regex, Content* content) {
  ComparisonOptions options;
  if (!group_regex.empty()) {
    options.groups_of = [&](const std::vector<std::string>& ids) {
      CheckGroupRegex(group_regex);
      return GroupsOf(ids, group_regex);
    };
    try {
      return CompareAnswers(paired.pairs, paired.classes.size(), options);
    } catch (const Error& error) {
      content->AddText(std::string("Groups of videos are not known: ") + error.what() + ".",
                       "warn");
      options.groups_of = {};
    }
  }
  return CompareAnswers(paired.pairs, paired.classes.size(), options);
}

// Returns a difference of shares as "+1.25".
Cell PointsCell(std::optional<double> difference) {
  return difference ? Cell{*difference, fmt::format("{:+.2f}", 100 * *difference)} : NumberCell({});
}

std::string VerdictSentence(const RunRecord& first, const RunRecord& run,
                            const Comparison& comparison) {
  const std::string margin = Short(100 * ComparisonOptions().margin);
  const auto sentence = [&]() -> std::string {
    switch (comparison.verdict) {
      case Verdict::kEquivalent:
        return fmt::format("{} is equivalent to {}: top-1 differs by less than {} points", run.name,
                           first.name, margin);
      case Verdict::kBetter:
        return fmt::format("{} is better than {}", run.name, first.name);
      case Verdict::kWorse:
        return fmt::format("{} is worse than {}", run.name, first.name);
      case Verdict::kUndecided:
        break;
    }
    return fmt::format(
        "Undecided: {} videos are too few to say whether {} is better or worse than {}, or within "
        "{} points",
        Grouped(comparison.num_common), run.name, first.name, margin);
  };
  std::string drawn;
  if (comparison.has_groups) {
    drawn = fmt::format(" The interval draws {} groups of videos.", Grouped(comparison.num_groups));
  }
  return fmt::format("{}. {} against {}, on the {} videos that both answered.{}", sentence(),
                     Percent(comparison.top1.flips.ShareB()),
                     Percent(comparison.top1.flips.ShareA()), Grouped(comparison.num_common),
                     drawn);
}

Row RowOf(const RunRecord& run, const Comparison& comparison, const char* name,
          const ComparedFigure& figure) {
  const Flips& flips = figure.flips;
  const auto count = [](int64_t number) { return CountCell(static_cast<double>(number)); };
  return {
      {TextCell(run.name), TextCell(name), count(comparison.num_common), count(flips.to_right),
       count(flips.to_wrong), PointsCell(flips.Difference()), PointsCell(figure.interval_95.low),
       PointsCell(figure.interval_95.high), PValueCell(figure.p_value)},
      false};
}

// Returns the classes by rising adjusted p; those that differ are bold.
Table ClassTable(const RunRecord& first, const RunRecord& run, const Paired& paired,
                 const Comparison& comparison) {
  std::vector<size_t> order;
  for (size_t label = 0; label < comparison.classes.size(); ++label) {
    if (comparison.classes[label].flips.total() > 0) {
      order.push_back(label);
    }
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const ComparedClass& first_class = comparison.classes[a];
    const ComparedClass& second_class = comparison.classes[b];
    return std::pair(first_class.p_value, paired.classes[a]) <
           std::pair(second_class.p_value, paired.classes[b]);
  });
  Table table;
  table.title = fmt::format("Top-1 by class: {} against {}", run.name, first.name);
  table.columns = {{"class"},        {"videos", true},         {first.name, true},
                   {run.name, true}, {"wrong to right", true}, {"right to wrong", true},
                   {"p", true},      {"adjusted p", true}};
  for (const size_t label : order) {
    const ComparedClass& of_class = comparison.classes[label];
    const auto count = [](int64_t number) { return CountCell(static_cast<double>(number)); };
    table.rows.push_back(
        {{TextCell(paired.classes[label]), count(of_class.flips.total()),
          PercentCell(of_class.flips.ShareA()), PercentCell(of_class.flips.ShareB()),
          count(of_class.flips.to_right), count(of_class.flips.to_wrong),
          PValueCell(of_class.p_value), PValueCell(of_class.adjusted_p_value)},
         of_class.adjusted_p_value < kSignificance});
  }
  table.most_rows = 50;
  table.first_rows_only = true;
  return table;
}

// Adds the comparison of one run with the first.
void AddRun(const std::vector<RunRecord>& runs, size_t run, Table* table, Content* content,
            std::vector<Table>* by_class) {
  const RunRecord& first = runs.front();
  const Paired paired = PairsOf(first.evaluation, runs[run].evaluation);
  if (paired.num_other_labels > 0) {
    content->AddText(fmt::format("{} videos have other labels in {} than in {} and are left out.",
                                 Grouped(paired.num_other_labels), runs[run].name, first.name),
                     "warn");
  }
  if (paired.pairs.videos.empty()) {
    content->AddText(
        fmt::format("{} and {} have no labelled video in common.", first.name, runs[run].name));
    return;
  }
  TellUnknownGroups(first, runs[run], content);
  const Comparison comparison = ComparisonOf(paired, GroupsOfBoth(first, runs[run]), content);
  content->AddText(VerdictSentence(first, runs[run], comparison));
  table->rows.push_back(RowOf(runs[run], comparison, "top-1", comparison.top1));
  if (paired.has_ranks) {
    table->rows.push_back(RowOf(runs[run], comparison, "top-5", comparison.top5));
  }
  by_class->push_back(ClassTable(first, runs[run], paired, comparison));
}

// Returns the comparisons that compare-scores made of the scores, with the late fusion.
Table ScoresTable(const Json& comparisons) {
  Table table;
  table.title = "What compare-scores found";
  table.columns = {{"first"},
                   {"run"},
                   {"verdict"},
                   {"margin, points", true},
                   {"difference, points", true},
                   {"from", true},
                   {"to", true},
                   {"drawn", true},
                   {"p", true},
                   {"classes that differ", true},
                   {"late fusion, top-1", true},
                   {"over the better run, points", true},
                   {"p of the fusion", true}};
  for (const Json& entry : comparisons) {
    if (!entry.is_object() || TextOf(entry, "verdict").empty()) {
      continue;
    }
    const Json top1 = entry.contains("top1") ? entry["top1"] : Json();
    const Json fusion = entry.contains("late_fusion") ? entry["late_fusion"] : Json();
    const auto interval = IntervalOf(top1, "interval_95");
    const auto end = [&](bool is_low) {
      return PointsCell(interval ? std::optional(is_low ? interval->first : interval->second)
                                 : std::nullopt);
    };
    const auto margin = NumberOf(entry, "margin");
    table.rows.push_back(
        {{TextCell(TextOf(entry, "first")), TextCell(TextOf(entry, "run")),
          TextCell(TextOf(entry, "verdict")),
          margin ? Cell{*margin, Short(100 * *margin)} : NumberCell({}),
          PointsCell(NumberOf(top1, "difference")), end(true), end(false),
          CountCell(NumberOf(entry, "num_drawn")), PValueCell(NumberOf(top1, "mcnemar_p")),
          CountCell(NumberOf(entry, "num_classes_changed")), PercentCell(NumberOf(fusion, "top1")),
          PointsCell(NumberOf(fusion, "difference")), PValueCell(NumberOf(fusion, "mcnemar_p"))}});
  }
  return table;
}

void AddScoresTable(const RunRecord& first, Content* content) {
  const auto found = first.comparison.find("comparisons");
  if (found == first.comparison.end() || !found->is_array()) {
    return;
  }
  const Table table = ScoresTable(*found);
  if (!table.rows.empty()) {
    content->AddTable("compared_scores", table);
    content->AddText(
        "Late fusion is the weighted mean of both runs' probabilities. The weights were chosen on "
        "one half of the videos and judged on the other.",
        "note");
  }
}

}  // namespace

Content MakeCompared(const std::vector<RunRecord>& runs) {
  Content content;
  if (runs.empty()) {
    return content;
  }
  Table table;
  table.title = "Each run against " + runs.front().name;
  table.columns = {{"run"},
                   {"figure"},
                   {"common videos", true},
                   {"wrong to right", true},
                   {"right to wrong", true},
                   {"difference, points", true},
                   {"from", true},
                   {"to", true},
                   {"p", true}};
  std::vector<Table> by_class;
  for (size_t run = 1; run < runs.size(); ++run) {
    AddRun(runs, run, &table, &content, &by_class);
  }
  if (!table.rows.empty()) {
    content.AddTable("compared", table);
    content.AddText(
        "Only videos that one run has right and the other wrong say anything. p is of McNemar's "
        "exact test, which takes videos as independent; each end of the interval is the wider one "
        "of a paired bootstrap and Tango's. The verdict is about these networks, not about their "
        "settings: another seed gives another network.",
        "note");
  }
  for (const Table& of_run : by_class) {
    const auto num_changed = std::count_if(of_run.rows.begin(), of_run.rows.end(),
                                           [](const Row& row) { return row.is_marked; });
    content.AddFoldedTable(
        fmt::format("compared_classes_{}", &of_run - by_class.data() + 2),
        fmt::format("{}: {} of {} classes differ, corrected for their number (Holm)", of_run.title,
                    num_changed, of_run.rows.size()),
        of_run);
  }
  AddScoresTable(runs.front(), &content);
  return content;
}

}  // namespace reel3d::report
