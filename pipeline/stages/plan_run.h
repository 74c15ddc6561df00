// The stage behind plan-run: plans a run before it starts, or compares a plan with the finished
// run. It needs no GPU and no torch, opens a few videos at most, and takes well under a second.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/plan/run_plan.h"
#include "pipeline/stages/planned_videos.h"

namespace reel3d {

struct PlanRunOptions {
  VideosOptions videos;
  std::vector<std::string> measured;  // folders of runs and corrections; later ones overrule
  plan::Rates rates;
  plan::Settings settings;
  plan::Cluster cluster;
  std::string out, svg;
  bool simulate = false;
  int64_t seed = 1;
  std::string plan, outcome, correction;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct PlanRunReport {
  nlohmann::ordered_json figures;
  std::string text;
};

// Throws what MakePlan(), ReadMeasuredRates(), PlanVideos() and ComparePlan() throw.
PlanRunReport RunPlanRun(const PlanRunOptions& options);

}  // namespace reel3d
