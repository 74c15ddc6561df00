// Compares a plan with the finished run, and corrects the plan's rates by the difference.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

struct PlanOutcome {
  std::string text;
  nlohmann::ordered_json json;        // planned, measured and ratio by figure
  nlohmann::ordered_json correction;  // the plan's rates, corrected so that they predict this run
};

// Compares the plan in `plan_file`, which plan-run wrote, with the run in `run_folder`. Throws an
// input error if either is of another kind or damaged, or if plan and run have no stage in common.
PlanOutcome ComparePlan(const std::filesystem::path& plan_file,
                        const std::filesystem::path& run_folder);

}  // namespace reel3d
