// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluation_ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {
namespace {

template <class Rows>
const AccuracyFigures& FiguresOf(const Rows& rows, Averaging averaging, Windows windows) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const ReadingFigures& row) {
    return row.reading.averaging == averaging && row.reading.windows.windows == windows;
  });
  REEL3D_CHECK(found != rows.end());
  return found->figures;
}

// Returns the share of correct clips if the clips of missing videos are wrong. The number of these
// clips is unknown, so each missing video counts with the mean number of clips of the others.
double ClipTop1(const Evaluation& evaluation) {
  const auto judged = static_cast<double>(evaluation.num_labelled + evaluation.num_missing());
  return evaluation.clip_top1 * static_cast<double>(evaluation.num_labelled) / judged;
}

// Returns the rungs of the ladder itself, without the alternatives beside the ladder.
std::vector<Rung> Climb(const Evaluation& evaluation, Averaging averaging) {
  std::vector<Rung> ladder;
  const auto climb = [&](const std::string& change, double top1, std::optional<double> average) {
    ladder.push_back({change, top1, average, ladder.empty() ? 0 : top1 - ladder.back().top1});
  };
  const auto climb_to = [&](const std::string& change, const AccuracyFigures& figures) {
    climb(change, figures.top1.missing_wrong, figures.average.missing_wrong);
  };
  const bool has_crops = !evaluation.one_crop.empty();
  const auto& averages = has_crops ? evaluation.one_crop : evaluation.averages;
  const auto& places = has_crops ? evaluation.one_crop : evaluation.places;
  const char* const crop = has_crops                     ? ", centre crop"
                           : evaluation.has_whole_frames ? ", complete frames"
                                                         : "";
  climb("each clip by itself; missing videos are wrong", ClipTop1(evaluation), std::nullopt);
  climb_to(fmt::format("one clip a video, the middle window{}", crop),
           FiguresOf(places, averaging, Windows::kMiddle));
  climb_to(fmt::format("all windows but the tail, by {}{}", NameOf(averaging), crop),
           FiguresOf(averages, averaging, Windows::kNoTail));
  climb_to("the tail as well", FiguresOf(averages, averaging, Windows::kAll));
  const AccuracyFigures& whole = FiguresOf(evaluation.averages, averaging, Windows::kAll);
  if (has_crops) {
    climb_to("all crops of each window", whole);
  }
  climb("missing videos are ignored", whole.top1.missing_ignored, whole.average.missing_ignored);
  if (evaluation.listed) {
    climb(fmt::format("only the listed videos: {} are left", evaluation.listed->num_videos),
          evaluation.listed->top1, evaluation.listed->average);
  }
  if (evaluation.full_windows) {
    climb(fmt::format("only videos with a window of {} frames: {} are left",
                      evaluation.most_distinct, evaluation.full_windows->num_videos),
          evaluation.full_windows->top1, evaluation.full_windows->average);
  }
  return ladder;
}

}  // namespace

std::vector<Rung> LadderOf(const Evaluation& evaluation, Averaging averaging) {
  std::vector<Rung> ladder = Climb(evaluation, averaging);
  const AccuracyFigures& whole = FiguresOf(evaluation.averages, averaging, Windows::kAll);
  const auto beside = [&](const std::string& change, double top1, std::optional<double> average,
                          double base) {
    ladder.push_back({change, top1, average, top1 - base, true});
  };
  for (const Averaging other : AllAveragings()) {
    if (other != averaging) {
      const AccuracyFigures& figures = FiguresOf(evaluation.averages, other, Windows::kAll);
      beside(fmt::format("with the tail, by {} instead", NameOf(other)), figures.top1.missing_wrong,
             figures.average.missing_wrong, whole.top1.missing_wrong);
    }
  }
  for (const OrderFigures& order : evaluation.orders) {
    beside(fmt::format("if the network numbers the classes {}", order.name),
           order.top1.missing_wrong, std::nullopt, evaluation.figures.top1.missing_wrong);
  }
  return ladder;
}

std::string FormatLadder(const Evaluation& evaluation, Averaging averaging) {
  if (evaluation.num_labelled == 0) {
    return "";
  }
  std::string text =
      fmt::format("{:<62}{:>9}{:>10}{:>18}\n", "one change a line", "top-1", "points", "average");
  bool is_first = true;
  for (const Rung& rung : LadderOf(evaluation, averaging)) {
    text +=
        fmt::format("{:<62}{:>7.2f} %", (rung.is_other ? "  " : "") + rung.change, 100 * rung.top1);
    text += is_first ? "" : fmt::format("{:>+10.2f}", 100 * rung.gain);
    text += rung.average ? fmt::format("{:>16.2f} %\n", 100 * *rung.average) : "\n";
    is_first = false;
  }
  return text;
}

nlohmann::ordered_json LadderToJson(const Evaluation& evaluation, Averaging averaging) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  if (evaluation.num_labelled > 0) {
    for (const Rung& rung : LadderOf(evaluation, averaging)) {
      nlohmann::ordered_json row = {{"change", rung.change}, {"top1", rung.top1}};
      if (rung.average) {
        row["average"] = *rung.average;
      }
      row.update({{"gain", rung.gain}, {"beside", rung.is_other}});
      list.push_back(std::move(row));
    }
  }
  return list;
}

}  // namespace reel3d
