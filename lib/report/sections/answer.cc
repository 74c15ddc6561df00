// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/draw/number_text.h"
#include "lib/report/sections/all_figures.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

std::string IntervalText(const Json& metrics) {
  const auto interval = IntervalOf(metrics, "video_top1_interval_95");
  return interval ? fmt::format("{:.1f} to {}", 100 * interval->first, Percent(interval->second))
                  : "not known";
}

std::string NetworkOf(const RunRecord& run) {
  const std::string model = SettingOf(run, "train-r3d", "model");
  if (model.empty()) {
    return "";
  }
  const std::string depth = SettingOf(run, "train-r3d", "depth");
  const std::string width = SettingOf(run, "train-r3d", "width");
  const std::string frames = SettingOf(run, "train-r3d", "clip-length");
  const std::string size = SettingOf(run, "train-r3d", "sample-size");
  return fmt::format("{}, depth {}{}; clips of {} frames of {} x {}", model, depth,
                     width.empty() || width == "1" ? "" : ", " + width + " of the channels", frames,
                     size, size);
}

std::string VideoCounts(const RunRecord& run) {
  const Json& report = ReportOf(run, "train-r3d");
  const auto training = NumberOf(report, "training_videos");
  const auto validation = NumberOf(report, "validation_videos");
  std::string text;
  if (training && validation) {
    text = fmt::format("{} training and {} validation videos",
                       Grouped(static_cast<int64_t>(*training)),
                       Grouped(static_cast<int64_t>(*validation)));
  }
  if (!run.evaluation.names.empty()) {
    text += fmt::format("{}{} classes", text.empty() ? "" : ", ",
                        Grouped(static_cast<int64_t>(run.evaluation.names.size())));
  }
  return text;
}

std::string TimeOf(const RunRecord& run) {
  const Json& report = ReportOf(run, "train-r3d");
  const auto seconds = NumberOf(report, "seconds");
  const auto epochs = NumberOf(report, "epochs");
  if (!seconds || !epochs) {
    return "";
  }
  const double ranks = NumberOf(report, "ranks").value_or(1);
  return fmt::format("{} for {:.0f} epochs on {:.0f} {}", Duration(*seconds), *epochs, ranks,
                     ranks == 1 ? "process" : "processes");
}

std::string AnswerOf(const RunRecord& run) {
  const Json& metrics = run.evaluation.metrics;
  const auto top1 = NumberOf(metrics, "video_top1");
  if (top1) {
    const auto expected = NumberOf(metrics, "num_expected");
    return fmt::format("{} of {}{} videos get the right class (top-1). 95 % interval: {}.",
                       Percent(*top1),
                       expected ? Grouped(static_cast<int64_t>(*expected)) + " " : "",
                       TextOf(metrics, "subset"), IntervalText(metrics));
  }
  std::optional<double> last;
  for (const Json& epoch : run.epochs) {
    if (const auto top1_of_clips = NumberOf(epoch, "validation_top1")) {
      last = top1_of_clips;
    }
  }
  if (last) {
    return fmt::format(
        "{} of the validation clips get the right class after the last validation. "
        "The accuracy of videos is not known, because there is no evaluation.",
        Percent(*last));
  }
  return "The accuracy is not known: there is no evaluation, and training was not validated.";
}

Table TableOf(const std::vector<RunRecord>& runs) {
  Table table;
  table.title = runs.size() > 1 ? "The runs" : "The run";
  table.columns = {{"run"},         {"top-1", true},   {"95 % interval"},
                   {"top-5", true}, {"average", true}, {"clip top-1", true},
                   {"network"},     {"data"},          {"training time"}};
  std::optional<double> best;
  for (const RunRecord& run : runs) {
    best = std::max(best, NumberOf(run.evaluation.metrics, "video_top1"));
  }
  for (const RunRecord& run : runs) {
    const Json& metrics = run.evaluation.metrics;
    const auto top1 = NumberOf(metrics, "video_top1");
    table.rows.push_back({{TextCell(run.name), PercentCell(top1),
                           FigureCell(top1 ? IntervalText(metrics) : "\xE2\x80\x93"),
                           PercentCell(NumberOf(metrics, "video_top5")),
                           PercentCell(NumberOf(metrics, "video_average")),
                           PercentCell(NumberOf(metrics, "clip_top1")), FigureCell(NetworkOf(run)),
                           FigureCell(VideoCounts(run)), FigureCell(TimeOf(run))},
                          runs.size() > 1 && top1 && top1 == best});
  }
  return table;
}

}  // namespace

Content MakeAnswer(const std::vector<RunRecord>& runs) {
  Content content;
  const auto best =
      std::max_element(runs.begin(), runs.end(), [](const RunRecord& a, const RunRecord& b) {
        return NumberOf(a.evaluation.metrics, "video_top1") <
               NumberOf(b.evaluation.metrics, "video_top1");
      });
  content.AddText(
      (runs.size() > 1 ? best->name + ", the best of " + std::to_string(runs.size()) + " runs: "
                       : "") +
          AnswerOf(*best),
      "answer");
  content.AddTable("runs", TableOf(runs));
  const Table all = AllFigures(runs);
  if (!all.rows.empty()) {
    content.AddFoldedTable(
        "all_figures", "All figures, with intervals and both ways to count missing videos", all);
  }
  content.AddText(
      "Videos that could not be scored count as wrong. The interval is that of top-1. The average "
      "is that of top-1 and top-5. Clip top-1 counts each clip by itself.",
      "note");
  if (runs.size() > 1) {
    content.AddText(
        "Each interval is of one run alone. Whether a run is better than another is "
        "decided by the videos that only one of them has right, not by intervals that "
        "do or do not overlap.",
        "note");
  }
  return content;
}

}  // namespace reel3d::report
