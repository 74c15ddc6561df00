// Lists the figures of a plan by stage, each with its unit and origin, for tables and JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/plan/known.h"
#include "lib/plan/run_plan.h"

namespace reel3d::plan {

// Decides how a figure is shown to people.
enum class Unit { kCount, kSeconds, kBytes, kBytesPerSecond, kHours, kPrice, kShare, kRate };
const char* NameOfUnit(Unit unit);

struct Figure {
  std::string stage;  // data, prepare, pack, "pack in groups", train, score, run
  std::string key;    // unique within its stage
  std::string text;   // for people
  Unit unit = Unit::kCount;
  Known value;
};

std::vector<Figure> FiguresOf(const Request& request, const RunPlan& plan);

// Calls `use` with the key, the unit and the number of every rate.
void ForEachRate(Rates* rates,
                 const std::function<void(const char* key, const char* unit, Known* rate)>& use);

}  // namespace reel3d::plan
