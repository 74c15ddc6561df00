// Formats a plan as text, as JSON, and as a picture.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/plan/figures.h"
#include "lib/plan/run_plan.h"

namespace reel3d {

inline constexpr const char* kPlanFormat = "reel3d-plan";

struct PlanPage {
  plan::Request request;
  plan::RunPlan plan;
  std::vector<plan::TrainingPlan> by_ranks;
  std::optional<plan::JobTimes> played;  // the mean of the simulation
  int num_played = 0;                    // simulated runs
};

std::string FormatPlan(const PlanPage& page);
nlohmann::ordered_json PlanToJson(const PlanPage& page);

// Returns an .svg file: hours of an epoch by the number of ranks, beside those of perfect scaling.
std::string PlanPicture(const PlanPage& page);

// Returns the value with its unit, such as "2.4 TB" or "3 h 20 min".
std::string FormatValue(plan::Unit unit, double value);

}  // namespace reel3d
