// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/evaluation.h"

namespace reel3d {
namespace {

constexpr int kMostSpreadWindows = 64;

}  // namespace

std::vector<Reading> ReadingsOfEvaluation(Averaging averaging) {
  std::vector<Reading> readings;
  for (const Averaging rule : AllAveragings()) {
    readings.push_back({rule, {Windows::kAll}});
    readings.push_back({rule, {Windows::kNoTail}});
  }
  for (int count = 1; count <= kMostSpreadWindows; count *= 2) {
    readings.push_back({averaging, {Windows::kSpread, count}});
  }
  for (const Windows windows :
       {Windows::kKept, Windows::kFirst, Windows::kMiddle, Windows::kLast}) {
    readings.push_back({averaging, {windows}});
  }
  for (const Windows windows : {Windows::kMiddle, Windows::kNoTail, Windows::kAll}) {
    readings.push_back({averaging, {windows}, true});
  }
  return readings;
}

}  // namespace reel3d
