// Computes the learning rate over the epochs of a run. This is plain arithmetic, and every rank
// computes the same.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d {

// Says how the learning rate falls: plateau is the paper's schedule, multistep is that of the 2017
// and 2020 code.
enum class ScheduleKind { kPlateau, kMultistep, kCosine, kConstant };
inline std::vector<NamedChoice<ScheduleKind>> ChoicesOf(ScheduleKind /*type*/) {
  return {{ScheduleKind::kPlateau, "plateau", "when the validation loss saturates"},
          {ScheduleKind::kMultistep, "multistep", "at --milestones"},
          {ScheduleKind::kCosine, "cosine", "along a half cosine to 0 over the run"},
          {ScheduleKind::kConstant, "constant", "not at all"}};
}

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kPlateau;
  double lr = 0.1;
  double factor = 0.1;
  int patience = 10;        // plateau: epochs without a better validation loss
  double threshold = 1e-4;  // plateau: better means below best * (1 - threshold)
  int max_decays = 3;       // plateau: "three times" in the paper
  std::vector<double> milestones{50, 100, 150};  // multistep: epochs done before each decay
  double warmup_epochs = 0;                      // first epochs, with a linear rise of the rate
  double warmup_start = 0;                       // fraction of the rate at which the rise starts

  void Bind(OptionBinder& binder);
  void Check() const;
};

class Schedule {
 public:
  Schedule(ScheduleOptions options, int num_epochs);

  // Returns the rate of a step that starts after `epochs_done` epochs (a fraction is allowed).
  double Rate(double epochs_done) const;

  // Call it once after each epoch's validation. `validation_loss` is NaN if there was none. Returns
  // true if this epoch's loss made a plateau schedule decay.
  bool EndEpoch(double validation_loss);

  // Returns what a checkpoint keeps: the best loss, epochs since it, decays so far.
  nlohmann::ordered_json State() const;
  // Throws an input error if `state` does not come from State().
  void Restore(const nlohmann::ordered_json& state);

 private:
  ScheduleOptions options_;
  int num_epochs_;
  double best_loss_ = std::numeric_limits<double>::infinity();
  int epochs_since_best_ = 0;
  int num_decays_ = 0;
};

}  // namespace reel3d
