// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluation_ladder.h"

#include <fmt/format.h>

#include <algorithm>

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
  const auto climb = [&](const std::string& change, double top1) {
    ladder.push_back({change, top1, ladder.empty() ? 0 : top1 - ladder.back().top1});
  };
  const bool has_crops = !evaluation.one_crop.empty();
  const auto& averages = has_crops ? evaluation.one_crop : evaluation.averages;
  const auto& places = has_crops ? evaluation.one_crop : evaluation.places;
  const char* const crop = has_crops                     ? ", centre crop"
                           : evaluation.has_whole_frames ? ", complete frames"
                                                         : "";
  climb("each clip by itself; missing videos are wrong", ClipTop1(evaluation));
  climb(fmt::format("one clip a video, the middle window{}", crop),
        FiguresOf(places, averaging, Windows::kMiddle).top1.missing_wrong);
  climb(fmt::format("all windows but the tail, by {}{}", NameOf(averaging), crop),
        FiguresOf(averages, averaging, Windows::kNoTail).top1.missing_wrong);
  climb("the tail as well", FiguresOf(averages, averaging, Windows::kAll).top1.missing_wrong);
  const BothWays& whole = FiguresOf(evaluation.averages, averaging, Windows::kAll).top1;
  if (has_crops) {
    climb("all crops of each window", whole.missing_wrong);
  }
  climb("missing videos are ignored", whole.missing_ignored);
  if (evaluation.listed) {
    climb(fmt::format("only the listed videos: {} are left", evaluation.listed->num_videos),
          evaluation.listed->top1);
  }
  if (evaluation.full_windows) {
    climb(fmt::format("only videos with a window of {} frames: {} are left",
                      evaluation.most_distinct, evaluation.full_windows->num_videos),
          evaluation.full_windows->top1);
  }
  return ladder;
}

}  // namespace

std::vector<Rung> LadderOf(const Evaluation& evaluation, Averaging averaging) {
  std::vector<Rung> ladder = Climb(evaluation, averaging);
  const AccuracyFigures& whole = FiguresOf(evaluation.averages, averaging, Windows::kAll);
  const auto beside = [&](const std::string& change, double top1, double base) {
    ladder.push_back({change, top1, top1 - base, true});
  };
  for (const Averaging other : AllAveragings()) {
    if (other != averaging) {
      beside(fmt::format("with the tail, by {} instead", NameOf(other)),
             FiguresOf(evaluation.averages, other, Windows::kAll).top1.missing_wrong,
             whole.top1.missing_wrong);
    }
  }
  for (const OrderFigures& order : evaluation.orders) {
    beside(fmt::format("if the network numbers the classes {}", order.name),
           order.top1.missing_wrong, evaluation.figures.top1.missing_wrong);
  }
  return ladder;
}

std::string FormatLadder(const Evaluation& evaluation, Averaging averaging) {
  if (evaluation.num_labelled == 0) {
    return "";
  }
  std::string text = fmt::format("{:<62}{:>9}{:>10}\n", "one change a line", "top-1", "points");
  bool is_first = true;
  for (const Rung& rung : LadderOf(evaluation, averaging)) {
    text +=
        fmt::format("{:<62}{:>7.2f} %", (rung.is_other ? "  " : "") + rung.change, 100 * rung.top1);
    text += is_first ? "\n" : fmt::format("{:>+10.2f}\n", 100 * rung.gain);
    is_first = false;
  }
  return text;
}

nlohmann::ordered_json LadderToJson(const Evaluation& evaluation, Averaging averaging) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  if (evaluation.num_labelled > 0) {
    for (const Rung& rung : LadderOf(evaluation, averaging)) {
      list.push_back({{"change", rung.change},
                      {"top1", rung.top1},
                      {"gain", rung.gain},
                      {"beside", rung.is_other}});
    }
  }
  return list;
}

}  // namespace reel3d
