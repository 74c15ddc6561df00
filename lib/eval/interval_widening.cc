// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/interval_widening.h"

namespace reel3d {
namespace {

bool IsPoint(const Interval& interval) { return interval.low == interval.high; }

}  // namespace

void WidenIntervals(Evaluation* evaluation) {
  int64_t num_top1 = 0;
  int64_t num_top5 = 0;
  for (const ClassFigures& of_class : evaluation->classes) {
    num_top1 += of_class.num_top1;
    num_top5 += of_class.num_top5;
  }
  const int64_t num_judged = evaluation->num_expected - evaluation->num_unlabelled();
  const Interval top1 = WilsonInterval(num_top1, num_judged);
  const Interval top5 = WilsonInterval(num_top5, num_judged);
  const Interval top1_of_scored = WilsonInterval(num_top1, evaluation->num_labelled);
  FigureIntervals* const intervals = &evaluation->intervals;
  intervals->top1 = Wider(intervals->top1, top1);
  intervals->top5 = Wider(intervals->top5, top5);
  intervals->top1_missing_ignored = Wider(intervals->top1_missing_ignored, top1_of_scored);
  // Always mixing Wilson's into these means would widen them everywhere: top-1 and top-5 of a video
  // are alike, but not the same.
  if (IsPoint(intervals->average)) {
    intervals->average = {(top1.low + top5.low) / 2, (top1.high + top5.high) / 2};
  }
  if (IsPoint(intervals->mean_class_top1)) {
    intervals->mean_class_top1 = Wider(intervals->mean_class_top1, top1_of_scored);
  }
}

}  // namespace reel3d
