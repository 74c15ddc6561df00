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

}  // namespace

std::vector<Rung> LadderOf(const Evaluation& evaluation, Averaging averaging) {
  std::vector<Rung> ladder;
  const auto climb = [&](const std::string& change, double top1) {
    ladder.push_back({change, top1, ladder.empty() ? 0 : top1 - ladder.back().top1});
  };
  const AccuracyFigures& whole = FiguresOf(evaluation.averages, averaging, Windows::kAll);
  climb("one window a video, the middle one; missing videos are wrong",
        FiguresOf(evaluation.places, averaging, Windows::kMiddle).top1.missing_wrong);
  climb(fmt::format("all windows but the tail, by {}", NameOf(averaging)),
        FiguresOf(evaluation.averages, averaging, Windows::kNoTail).top1.missing_wrong);
  climb("the tail as well", whole.top1.missing_wrong);
  climb("missing videos are ignored", whole.top1.missing_ignored);
  for (const Averaging other : AllAveragings()) {
    if (other != averaging) {
      const double top1 = FiguresOf(evaluation.averages, other, Windows::kAll).top1.missing_wrong;
      ladder.push_back({fmt::format("with the tail, by {} instead", NameOf(other)), top1,
                        top1 - whole.top1.missing_wrong, true});
    }
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

}  // namespace reel3d
