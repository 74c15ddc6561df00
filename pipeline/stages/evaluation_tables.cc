// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluation_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "lib/base/tsv_writer.h"
#include "lib/eval/share.h"

namespace reel3d {
namespace {

constexpr size_t kNumWeakest = 5;
constexpr double kEnoughOfGain = 0.95;

double Top1Of(const ClassFigures& of_class) {
  return Share(of_class.num_top1, of_class.num_videos);
}

// Returns the wrong answers for videos of the class `label` with their counts, most frequent first:
// "walk 3, jump 1".
std::string Confusions(const SubsetScores& subset, const Evaluation& evaluation, size_t label) {
  const std::vector<int64_t>& row = evaluation.confusion[label];
  std::string text;
  for (const int other : TopClasses(row.data(), static_cast<int>(row.size()), 4)) {
    if (static_cast<size_t>(other) != label && row[static_cast<size_t>(other)] > 0) {
      text +=
          fmt::format("{}{} {}", text.empty() ? "" : ", ",
                      subset.classes[static_cast<size_t>(other)], row[static_cast<size_t>(other)]);
    }
  }
  return text;
}

// Returns all classes in their order, or the weakest ones if there are too many for a text.
std::vector<size_t> ClassesToShow(const Evaluation& evaluation) {
  std::vector<size_t> labels(evaluation.classes.size());
  std::iota(labels.begin(), labels.end(), size_t{0});
  if (labels.size() <= kMostClassesInText) {
    return labels;
  }
  labels.erase(
      std::remove_if(labels.begin(), labels.end(),
                     [&](size_t label) { return evaluation.classes[label].num_videos == 0; }),
      labels.end());
  std::stable_sort(labels.begin(), labels.end(), [&](size_t a, size_t b) {
    return Top1Of(evaluation.classes[a]) < Top1Of(evaluation.classes[b]);
  });
  labels.resize(std::min(labels.size(), kNumWeakest));
  return labels;
}

std::string ClassTable(const SubsetScores& subset, const Evaluation& evaluation) {
  const std::vector<size_t> labels = ClassesToShow(evaluation);
  const bool is_part = evaluation.classes.size() > kMostClassesInText;
  const std::string head = is_part ? "weakest classes" : "class";
  size_t width = head.size();
  for (const size_t label : labels) {
    width = std::max(width, subset.classes[label].size());
  }
  std::string text =
      fmt::format("\n{:<{}}  videos    top-1   95 % interval    top-5  taken for\n", head, width);
  for (const size_t label : labels) {
    const ClassFigures& of_class = evaluation.classes[label];
    const std::string confusions = Confusions(subset, evaluation, label);
    text += fmt::format("{:<{}}  {:>6}  {:>5.1f} %  {:>5.1f} - {:>5.1f} %  {:>5.1f} %{}{}\n",
                        subset.classes[label], width, of_class.num_videos, 100 * Top1Of(of_class),
                        100 * of_class.top1_interval.low, 100 * of_class.top1_interval.high,
                        100 * Share(of_class.num_top5, of_class.num_videos),
                        confusions.empty() ? "" : "  ", confusions);
  }
  return text;
}

std::string AccuracyTable(const Evaluation& evaluation) {
  std::string text =
      fmt::format("\n{:<17}{:>18}{:>18}\n", "", "missing are wrong", "missing ignored");
  const auto row = [&](const char* name, const BothWays& figure, const std::string& note) {
    text += fmt::format("{:<17}{:>16.1f} %{:>16.1f} %{}\n", name, 100 * figure.missing_wrong,
                        100 * figure.missing_ignored, note);
  };
  const auto scored_row = [&](const char* name, double figure) {
    text += fmt::format("{:<17}{:>16}{:>18.1f} %\n", name, "", 100 * figure);
  };
  const AccuracyFigures& figures = evaluation.figures;
  row("video top-1", figures.top1,
      fmt::format(
          "   95 % interval {:.1f} - {:.1f} %{}", 100 * evaluation.intervals.top1.low,
          100 * evaluation.intervals.top1.high,
          evaluation.has_groups ? fmt::format(", of {} groups", evaluation.num_groups) : ""));
  row("video top-5", figures.top5, "");
  row("video average", figures.average, "   (top-1 + top-5) / 2");
  scored_row("mean class top-1", figures.mean_class_top1);
  scored_row("mAP", evaluation.ranking.mean_average_precision);
  scored_row("clip top-1", evaluation.clip_top1);
  return text;
}

// Says how much top-1 depends on the averaging rule and the tail.
std::string AveragesSentence(const Evaluation& evaluation) {
  const auto [low, high] =
      std::minmax_element(evaluation.averages.begin(), evaluation.averages.end(),
                          [](const ReadingFigures& a, const ReadingFigures& b) {
                            return a.figures.top1.missing_wrong < b.figures.top1.missing_wrong;
                          });
  const auto name = [](const ReadingFigures& row) {
    return fmt::format("{} {} the tail", NameOf(row.reading.averaging),
                       row.reading.windows.windows == Windows::kAll ? "with" : "without");
  };
  const double low_top1 = 100 * low->figures.top1.missing_wrong;
  const double high_top1 = 100 * high->figures.top1.missing_wrong;
  if (low_top1 == high_top1) {
    return fmt::format("averages: every rule gives {:.1f} %\n", low_top1);
  }
  return fmt::format("averages: top-1 is between {:.1f} % ({}) and {:.1f} % ({})\n", low_top1,
                     name(*low), high_top1, name(*high));
}

// Returns the row with the fewest windows whose share of the gain reaches kEnoughOfGain. If no row
// reaches it, returns the row with the most windows, not counting the row of all windows. Returns
// null if using all windows is no better than using one.
const WindowFigures* EnoughWindows(const Evaluation& evaluation) {
  const WindowFigures* last = nullptr;
  for (const WindowFigures& row : evaluation.windows) {
    if (row.share_of_gain && row.reading.windows.windows == Windows::kSpread) {
      last = &row;
      if (*row.share_of_gain >= kEnoughOfGain) {
        break;
      }
    }
  }
  return last;
}

// Says how few windows per video would have been enough.
std::string WindowsSentence(const Evaluation& evaluation) {
  const WindowFigures* const enough = EnoughWindows(evaluation);
  if (enough == nullptr || enough->reading.windows.count < 2) {
    return "";
  }
  const WindowFigures& all = evaluation.windows.back();
  return fmt::format(
      "windows: top-1 is {:.1f} % with one window a video and {:.1f} % with all ({:.1f} a video); "
      "{} windows give {:.0f} % of this gain\n",
      100 * evaluation.windows.front().figures.top1.missing_ignored,
      100 * all.figures.top1.missing_ignored, all.mean_windows, enough->reading.windows.count,
      100 * *enough->share_of_gain);
}

std::string CalibrationSentence(const CalibrationFigures& calibration) {
  const Reliability& scored = calibration.as_scored;
  return fmt::format(
      "calibration: answers are {:.1f} % sure on average, and {:.1f} % are right; error (ECE, {} "
      "bins) {:.1f} %. On held-out videos temperature {:.2f} changes the error from {:.1f} to "
      "{:.1f} "
      "%\n",
      100 * scored.mean_confidence, 100 * scored.accuracy, scored.bins.size(), 100 * scored.ece,
      calibration.temperature, 100 * calibration.before.ece, 100 * calibration.after.ece);
}

// Says how many videos get a sure answer at the precision that --precision asks for.
std::string HeldOutSentence(const JudgedThreshold& threshold) {
  if (!threshold.chosen) {
    return fmt::format(
        "abstention: no confidence gives {:.1f} % right answers on half of the videos, so every "
        "answer is unsure\n",
        100 * threshold.wanted_precision);
  }
  const CoveragePoint& judged = threshold.judged;
  return fmt::format(
      "abstention: for {:.1f} % right answers, answer from {:.2f} % confidence, chosen on half of "
      "the videos; of the other half that answers {:.1f} %, and {:.1f} % of them are right (95 % "
      "interval {:.1f} - {:.1f} %)\n",
      100 * threshold.wanted_precision, 100 * judged.threshold, 100 * judged.coverage,
      100 * judged.precision, 100 * judged.precision_interval.low,
      100 * judged.precision_interval.high);
}

// Says how many videos get a sure answer, at the lowest of kWantedPrecisions that the answers to
// all videos do not reach.
std::string AbstentionSentence(const Evaluation& evaluation) {
  if (evaluation.held_out_threshold) {
    return HeldOutSentence(*evaluation.held_out_threshold);
  }
  for (size_t place = 0; place < evaluation.precision_thresholds.size(); ++place) {
    const std::optional<CoveragePoint>& point = evaluation.precision_thresholds[place];
    if (point && point->num_answered < evaluation.num_labelled) {
      return fmt::format(
          "abstention: answers of at least {:.1f} % confidence are {:.1f} % right and cover {:.1f} "
          "% of the videos (chosen on these videos, so a little too good: see evaluate-scores "
          "--precision)\n",
          100 * point->threshold, 100 * point->precision, 100 * point->coverage);
    }
  }
  return "";
}

// Shows the slices that stand out.
std::string SlicesTable(const Evaluation& evaluation) {
  if (evaluation.slices.empty()) {
    return "";
  }
  const size_t num_slices = evaluation.slices.size();
  std::string rows;
  for (const Slice& slice : evaluation.slices) {
    if (slice.StandsOut()) {
      rows += fmt::format("  {} {}: {:.1f} % of {} videos (95 % interval {:.1f} - {:.1f} %)\n",
                          slice.column, slice.value, 100 * slice.Top1(), slice.num_videos,
                          100 * slice.top1_interval.low, 100 * slice.top1_interval.high);
    }
  }
  if (rows.empty()) {
    return fmt::format(
        "slices: none of {} parts of the videos differs from the mean by more than chance\n",
        num_slices);
  }
  return fmt::format(
             "slices: of {} parts of the videos, these differ from the mean by more than chance\n",
             num_slices) +
         rows;
}

std::string RankingSentence(const Evaluation& evaluation) {
  if (!evaluation.has_several_labels) {
    return "";
  }
  std::string text = "several labels:";
  for (const HitRate& rate : evaluation.ranking.hit_rates) {
    text +=
        fmt::format(" hit@{} {:.1f} % (average {:.1f} %)", rate.k, 100 * rate.any, 100 * rate.mean);
  }
  return text + "\n";
}

const char* OrderWarning(FrameOrder order) {
  switch (order) {
    case FrameOrder::kAsIs:
      break;
    case FrameOrder::kShuffled:
      return "; FRAMES SHUFFLED: a test, not a result";
    case FrameOrder::kReversed:
      return "; FRAMES REVERSED: a test, not a result";
    case FrameOrder::kOneFrame:
      return "; ONE FRAME REPEATED: a test, not a result";
  }
  return "";
}

// Returns `columns`, followed by those of AddFigures().
std::vector<std::string> WithFigures(std::vector<std::string> columns) {
  columns.insert(columns.end(),
                 {"top1", "top5", "average", "top1_ignoring_missing", "top5_ignoring_missing",
                  "average_ignoring_missing", "mean_class_top1"});
  return columns;
}

void AddFigures(const AccuracyFigures& figures, TsvWriter* table) {
  for (const double share :
       {figures.top1.missing_wrong, figures.top5.missing_wrong, figures.average.missing_wrong,
        figures.top1.missing_ignored, figures.top5.missing_ignored, figures.average.missing_ignored,
        figures.mean_class_top1}) {
    table->Add(Decimals(share, 6));
  }
}

// Returns an empty text if there is no number.
std::string DecimalsIfKnown(const std::optional<double>& value, int num_digits) {
  return value ? Decimals(*value, num_digits) : "";
}

}  // namespace

std::string FormatEvaluation(const SubsetScores& subset, const Evaluation& evaluation,
                             const EvaluationTitle& title) {
  std::string text = fmt::format(
      "{}: scored {} of {} videos in {} clips, {} averaged{}{}\n", subset.subset,
      evaluation.num_scored, evaluation.num_expected, evaluation.num_clips, title.averaging,
      title.min_distinct > 1
          ? fmt::format(", clips of {} different frames or more", title.min_distinct)
          : "",
      OrderWarning(title.order));
  if (evaluation.num_labelled == 0) {
    return text + "no video has a label: predictions only\n";
  }
  return text + AccuracyTable(evaluation) + "\n" + AveragesSentence(evaluation) +
         WindowsSentence(evaluation) + CalibrationSentence(evaluation.calibration) +
         AbstentionSentence(evaluation) + SlicesTable(evaluation) + RankingSentence(evaluation) +
         ClassTable(subset, evaluation);
}

std::string FormatPerClass(const SubsetScores& subset, const Evaluation& evaluation) {
  TsvWriter table({"class", "num_videos", "top1", "top1_low", "top1_high", "top5",
                   "average_precision", "taken_for"});
  for (size_t label = 0; label < subset.classes.size(); ++label) {
    const ClassFigures& of_class = evaluation.classes[label];
    table.Row(subset.classes[label], of_class.num_videos, Decimals(Top1Of(of_class), 6),
              Decimals(of_class.top1_interval.low, 6), Decimals(of_class.top1_interval.high, 6),
              Decimals(Share(of_class.num_top5, of_class.num_videos), 6),
              DecimalsIfKnown(of_class.average_precision, 6),
              Confusions(subset, evaluation, label));
  }
  return table.text();
}

std::string FormatConfusion(const SubsetScores& subset, const Evaluation& evaluation) {
  std::vector<std::string> columns = {"label"};
  columns.insert(columns.end(), subset.classes.begin(), subset.classes.end());
  TsvWriter table(columns);
  for (size_t label = 0; label < subset.classes.size(); ++label) {
    table.Add(subset.classes[label]);
    for (const int64_t num_videos : evaluation.confusion[label]) {
      table.Add(num_videos);
    }
    table.EndRow();
  }
  return table.text();
}

std::string FormatAverages(const Evaluation& evaluation) {
  TsvWriter table(WithFigures({"averaging", "tail"}));
  for (const ReadingFigures& row : evaluation.averages) {
    table.Add(NameOf(row.reading.averaging));
    table.Add(row.reading.windows.windows == Windows::kAll ? "with" : "without");
    AddFigures(row.figures, &table);
    table.EndRow();
  }
  return table.text();
}

std::string FormatWindows(const Evaluation& evaluation) {
  TsvWriter table(WithFigures({"windows", "mean_windows", "share_of_gain"}));
  const auto add = [&](const std::string& name, const ReadingFigures& row,
                       const std::string& gain) {
    table.Add(name);
    table.Add(Decimals(row.mean_windows, 3));
    table.Add(gain);
    AddFigures(row.figures, &table);
    table.EndRow();
  };
  for (const WindowFigures& row : evaluation.windows) {
    const bool is_all = row.reading.windows.windows == Windows::kKept;
    add(is_all ? "all" : std::to_string(row.reading.windows.count), row,
        DecimalsIfKnown(row.share_of_gain, 4));
  }
  const char* const names[] = {"the first", "the middle", "the last"};
  for (size_t place = 0; place < evaluation.places.size(); ++place) {
    add(names[place], evaluation.places[place], "");
  }
  return table.text();
}

std::string FormatReliability(const Evaluation& evaluation) {
  TsvWriter table({"above", "up_to", "num_videos", "mean_confidence", "accuracy"});
  for (const ReliabilityBin& bin : evaluation.calibration.as_scored.bins) {
    table.Row(Decimals(bin.low, 4), Decimals(bin.high, 4), bin.num_videos,
              Decimals(bin.mean_confidence, 6), Decimals(bin.accuracy, 6));
  }
  return table.text();
}

std::string FormatSlices(const Evaluation& evaluation) {
  TsvWriter table({"column", "value", "num_videos", "top1", "top1_low", "top1_high", "p_value",
                   "adjusted_p_value", "stands_out"});
  for (const Slice& slice : evaluation.slices) {
    table.Add(slice.column);
    table.Add(slice.value);
    table.Add(slice.num_videos);
    for (const double share : {slice.Top1(), slice.top1_interval.low, slice.top1_interval.high}) {
      table.Add(Decimals(share, 6));
    }
    table.Add(fmt::format("{:.6g}", slice.p_value));
    table.Add(fmt::format("{:.6g}", slice.adjusted_p_value));
    table.Add(slice.StandsOut() ? "yes" : "no");
    table.EndRow();
  }
  return table.text();
}

}  // namespace reel3d
