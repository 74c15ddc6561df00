// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/eval/paired_test.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostClasses = 10;

std::string Points(double difference) { return fmt::format("{:+.2f} points", 100 * difference); }

std::string Points(const Interval& interval) {
  return fmt::format("{:+.2f} to {:+.2f}", 100 * interval.low, 100 * interval.high);
}

std::string PValue(double p_value) {
  return p_value < 1e-4 ? "p < 0.0001" : fmt::format("p = {:.2g}", p_value);
}

std::string VerdictSentence(const Comparison& comparison, const ComparisonNames& names) {
  const std::string margin = fmt::format("{:.4g} points", 100 * names.margin);
  switch (comparison.verdict) {
    case Verdict::kEquivalent:
      return fmt::format("{} is equivalent to {}: top-1 differs by less than {}{}", names.b,
                         names.a, margin,
                         comparison.is_significant ? ", though a difference is there" : "");
    case Verdict::kBetter:
      return fmt::format("{} is better than {}", names.b, names.a);
    case Verdict::kWorse:
      return fmt::format("{} is worse than {}", names.b, names.a);
    case Verdict::kUndecided:
      break;
  }
  return fmt::format(
      "Undecided: {} videos are too few to say whether {} is better or worse than {}, or within {}",
      comparison.num_common, names.b, names.a, margin);
}

std::string FigureRow(const char* name, const ComparedFigure& figure) {
  const Flips& flips = figure.flips;
  return fmt::format("{:<7}{:>8.2f} %{:>8.2f} %{:>16}{:>20}{:>16}{:>16}   {}\n", name,
                     100 * flips.ShareA(), 100 * flips.ShareB(), Points(flips.Difference()),
                     Points(figure.interval_95), flips.to_right, flips.to_wrong,
                     PValue(figure.p_value));
}

std::string FigureTable(const Comparison& comparison) {
  return fmt::format("{:<7}{:>10}{:>10}{:>16}{:>20}{:>16}{:>16}   {}\n", "", "first", "this run",
                     "difference", "95 % interval", "wrong to right", "right to wrong", "McNemar") +
         FigureRow("top-1", comparison.top1) + FigureRow("top-5", comparison.top5);
}

std::string VideosSentence(const Comparison& comparison, const ComparisonNames& names) {
  std::string text = fmt::format("{} videos were scored by both", comparison.num_common);
  if (comparison.num_only_a + comparison.num_only_b > 0) {
    text += fmt::format("; left out: {} only in {}, {} only in {}", comparison.num_only_a, names.a,
                        comparison.num_only_b, names.b);
  }
  if (comparison.has_groups) {
    text +=
        fmt::format("; intervals and verdict draw {} groups, McNemar takes videos as independent",
                    comparison.num_groups);
  }
  return text + "\n";
}

std::string FramesSentence(const ComparisonNames& names) {
  return names.frames.empty()
             ? ""
             : fmt::format("the frames that {} scored were prepared otherwise: {}\n", names.b,
                           DescribeDifferences(names.frames, names.a.c_str()));
}

std::vector<size_t> ChangedClasses(const Comparison& comparison) {
  std::vector<size_t> changed;
  for (size_t label = 0; label < comparison.classes.size(); ++label) {
    if (comparison.classes[label].adjusted_p_value < kSignificance) {
      changed.push_back(label);
    }
  }
  std::stable_sort(changed.begin(), changed.end(), [&](size_t a, size_t b) {
    return comparison.classes[a].adjusted_p_value < comparison.classes[b].adjusted_p_value;
  });
  return changed;
}

std::string ClassesSentence(const Comparison& comparison, const ComparisonNames& names) {
  const std::vector<size_t> changed = ChangedClasses(comparison);
  const auto num_classes =
      std::count_if(comparison.classes.begin(), comparison.classes.end(),
                    [](const ComparedClass& of_class) { return of_class.flips.total() > 0; });
  if (changed.empty()) {
    return fmt::format("no class differs, corrected for {} classes (Holm)\n", num_classes);
  }
  std::string text = fmt::format("{} of {} classes differ, corrected for their number (Holm):\n",
                                 changed.size(), num_classes);
  for (size_t place = 0; place < std::min(changed.size(), kMostClasses); ++place) {
    const ComparedClass& of_class = comparison.classes[changed[place]];
    text +=
        fmt::format("  {}  {:.1f} to {:.1f} % of {} videos, {}\n", names.classes[changed[place]],
                    100 * of_class.flips.ShareA(), 100 * of_class.flips.ShareB(),
                    of_class.flips.total(), PValue(of_class.adjusted_p_value));
  }
  return text;
}

std::string FusionSentence(const Fusion& fusion, const ComparisonNames& names) {
  const std::string& better = fusion.b_is_better ? names.b : names.a;
  return fmt::format(
      "late fusion: {:.2f} % top-1, {} over {} alone ({}); weights of this run {:.2f} and {:.2f}, "
      "each chosen on one half and judged on the other\n",
      100 * fusion.flips.ShareB(), Points(fusion.flips.Difference()), better,
      PValue(fusion.p_value), fusion.weight_of_b[0], fusion.weight_of_b[1]);
}

Json ToJson(const Flips& flips) {
  return {{"both_right", flips.both_right},
          {"both_wrong", flips.both_wrong},
          {"right_to_wrong", flips.to_wrong},
          {"wrong_to_right", flips.to_right}};
}

Json ToJson(const ComparedFigure& figure) {
  return {{"first", figure.flips.ShareA()},
          {"run", figure.flips.ShareB()},
          {"difference", figure.flips.Difference()},
          {"interval_95", {figure.interval_95.low, figure.interval_95.high}},
          {"interval_90", {figure.interval_90.low, figure.interval_90.high}},
          {"videos", ToJson(figure.flips)},
          {"mcnemar_p", figure.p_value}};
}

Json FusionToJson(const Fusion& fusion) {
  return {{"top1", fusion.flips.ShareB()},
          {"over", fusion.b_is_better ? "run" : "first"},
          {"difference", fusion.flips.Difference()},
          {"mcnemar_p", fusion.p_value},
          {"weights_of_run", {fusion.weight_of_b[0], fusion.weight_of_b[1]}}};
}

}  // namespace

std::string FormatComparison(const Comparison& comparison, const ComparisonNames& names) {
  const ComparedFigure& top1 = comparison.top1;
  return fmt::format("{}: {:.2f} % against {:.2f} % top-1, {} (95 % interval {}).\n\n",
                     VerdictSentence(comparison, names), 100 * top1.flips.ShareB(),
                     100 * top1.flips.ShareA(), Points(top1.flips.Difference()),
                     Points(top1.interval_95)) +
         FigureTable(comparison) + "\n" + VideosSentence(comparison, names) +
         ClassesSentence(comparison, names) + FusionSentence(comparison.fusion, names) +
         FramesSentence(names);
}

Json ComparisonToJson(const Comparison& comparison, const ComparisonNames& names) {
  Json json = {{"first", names.a},
               {"run", names.b},
               {"verdict", NameOf(comparison.verdict)},
               {"margin", names.margin},
               {"is_significant", comparison.is_significant},
               {"num_common", comparison.num_common},
               {"num_only_first", comparison.num_only_a},
               {"num_only_run", comparison.num_only_b},
               {"intervals_over", comparison.has_groups ? "groups" : "videos"},
               {"num_drawn", comparison.num_groups},
               {"top1", ToJson(comparison.top1)},
               {"top5", ToJson(comparison.top5)},
               {"num_classes_changed", ChangedClasses(comparison).size()},
               {"late_fusion", FusionToJson(comparison.fusion)}};
  for (const TrainingDifference& one : names.frames) {
    json["frames_differ"][one.what] = {{"first", one.trained}, {"run", one.here}};
  }
  return json;
}

TsvWriter ComparedClassesTable() {
  return TsvWriter({"run", "class", "num_videos", "top1_first", "top1_run", "to_wrong", "to_right",
                    "p_value", "adjusted_p_value"});
}

void AddComparedClasses(const Comparison& comparison, const ComparisonNames& names,
                        TsvWriter* table) {
  const auto digits = [](double p_value) { return fmt::format("{:.6g}", p_value); };
  for (size_t label = 0; label < comparison.classes.size(); ++label) {
    const ComparedClass& of_class = comparison.classes[label];
    table->Row(names.b, names.classes[label], of_class.flips.total(),
               Decimals(of_class.flips.ShareA(), 6), Decimals(of_class.flips.ShareB(), 6),
               of_class.flips.to_wrong, of_class.flips.to_right, digits(of_class.p_value),
               digits(of_class.adjusted_p_value));
  }
}

TsvWriter FlipsTable() {
  return TsvWriter({"run", "id", "label", "answer_first", "answer_run", "right_is"});
}

void AddFlips(const Comparison& comparison, const ComparisonNames& names, TsvWriter* table) {
  for (const FlippedVideo& video : comparison.flipped) {
    const auto name = [&](int label) { return names.classes[static_cast<size_t>(label)]; };
    table->Row(names.b, video.id, name(video.label), name(video.answer_a), name(video.answer_b),
               video.answer_a == video.label ? "first" : "run");
  }
}

}  // namespace reel3d
