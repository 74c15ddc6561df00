// Defines a check of a cluster: every rank observes, and the observations of all ranks are judged
// together. A check is one function in a file of its own, declared in checks.h, and one row of
// AllChecks() (run_checks.cc). Checks ask the machine only through ClusterProbe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/cluster/probe.h"

namespace reel3d {

// Holds what the job needs of the cluster. 0 and "" mean that it was not said.
struct ClusterNeeds {
  int ranks = 0;
  int threads = 0;  // of each rank
  int64_t gradient_floats = 33'000'000;
  std::string folder;
  std::string shards_dir;
  double clips_per_s = 0;  // of each rank
};

// kNotAsked: the check needs an option that was not given.
enum class Verdict { kOk, kNotAsked, kWarn, kFail };

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string text;                       // one line: what was found
  std::string remedy;                     // what to do; empty if there is nothing to do
  std::vector<std::string> details;       // more lines, for people
  std::map<std::string, double> figures;  // more is better; earlier runs are compared by name
};

// Holds what each rank observed, in order of rank. Each has its "host".
using Observations = std::vector<nlohmann::json>;

struct ClusterCheck {
  const char* name;
  const char* help;  // what it does, in one sentence
  // Collective. Catches what is wrong with this rank alone, as the others wait for it.
  nlohmann::json (*observe)(const ClusterProbe& probe, const ClusterNeeds& needs);
  // Is the same on every rank, and asks nothing but the observations.
  Finding (*judge)(const Observations& ranks, const ClusterNeeds& needs);
};

}  // namespace reel3d
