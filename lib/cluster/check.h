// Defines a check of a cluster: every rank observes, and the observations of all ranks are judged
// together. A check is one function in a file of its own, declared in checks.h, and one row of
// AllChecks() (run_checks.cc). Checks measure through ClusterProbe, so that tests can plant faults.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/cluster/probe.h"

namespace reel3d {

// Holds what the job needs of the cluster. 0 and "" mean: not given.
struct ClusterNeeds {
  int ranks = 0;
  int threads = 0;  // of each rank
  int64_t gradient_floats = 33'000'000;
  std::string folder;
  std::string shards_dir;
  double clips_per_s = 0;  // of each rank
};

// kNotAsked: the check did not run, for example because an option was not given.
enum class Verdict { kOk, kNotAsked, kWarn, kFail };

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string text;                       // one line: what was found
  std::string remedy;                     // what to do; empty if there is nothing to do
  std::vector<std::string> details;       // more lines, for people
  std::map<std::string, double> figures;  // more is better; compared by name with earlier runs
};

// Holds what each rank observed, in order of rank. Each has its "host".
using Observations = std::vector<nlohmann::json>;

struct ClusterCheck {
  const char* name;
  // Collective. Must not throw for a fault of this rank alone, because the others would wait for
  // it.
  nlohmann::json (*observe)(const ClusterProbe& probe, const ClusterNeeds& needs);
  // Returns the same on every rank, because it uses nothing but its parameters.
  Finding (*judge)(const Observations& ranks, const ClusterNeeds& needs);
};

}  // namespace reel3d
