// The options of plan-run (knobs) that set the numbers of a plan: its settings, the cluster, and
// the rates of the machines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/plan/run_plan.h"

namespace reel3d {

struct PlanKnob {
  const char* name;
  plan::Known* number;
  RealRange range;
  const char* help;
  bool is_whole = false;
};

// Returns the knobs of the cluster and the settings. Their initial values are assumptions.
std::vector<PlanKnob> KnobsOf(plan::Cluster* cluster);
std::vector<PlanKnob> KnobsOf(plan::Settings* settings);
// Returns the knobs of the rates, in which 0 means measured or assumed.
std::vector<PlanKnob> KnobsOf(plan::Rates* rates);

void BindKnobs(const std::vector<PlanKnob>& knobs, OptionBinder* binder);

// Throws a usage error if a knob that counts something has a fraction.
void CheckKnobs(const std::vector<PlanKnob>& knobs);

// Marks each number that differs from its default as given by the user.
void MarkGiven(const std::vector<PlanKnob>& knobs, const std::vector<PlanKnob>& defaults);

}  // namespace reel3d
