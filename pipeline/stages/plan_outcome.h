// Puts a plan beside the outcome of the run, and learns from the difference.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

struct PlanOutcome {
  std::string text;
  nlohmann::ordered_json json;        // planned, measured and ratio by figure
  nlohmann::ordered_json correction;  // the plan's rates, corrected so that the plan had been right
};

// Compares the plan in `plan_file`, which plan-run wrote, with the run in `run_folder`. Throws an
// input error if either is not that, is damaged, or they have nothing in common.
PlanOutcome ComparePlan(const std::filesystem::path& plan_file,
                        const std::filesystem::path& run_folder);

}  // namespace reel3d
