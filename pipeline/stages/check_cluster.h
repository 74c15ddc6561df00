// The stage behind check-cluster: checks hosts, network and folders from inside a job, so that
// their faults are found before training starts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/cli/tool.h"
#include "lib/cluster/run_checks.h"
#include "lib/dist/device_choice.h"
#include "lib/dist/world.h"

namespace reel3d {

struct CheckClusterOptions {
  ClusterNeeds needs;
  DeviceChoice device = DeviceChoice::kAuto;
  std::string history;
  double timeout_s = 300;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct CheckClusterReport {
  std::vector<CheckedRow> rows;
  int ranks = 0;
  double seconds = 0;

  // Returns status 4 if a check failed.
  int ExitStatus() const;
  nlohmann::ordered_json ToJson() const;
  std::string ToText() const;
};

// Collective: every rank calls it. All ranks return the same verdicts. Rank 0 alone also compares
// its figures with the history, and adds them to the history unless a check failed. Tests give
// `plant`, which replaces functions of the probe by faulty ones.
CheckClusterReport CheckCluster(const World& world, const CheckClusterOptions& options,
                                const std::function<void(ClusterProbe*)>& plant = {});

// Starts MPI and checks. Only rank 0 has text and JSON.
ToolResult RunCheckCluster(const CheckClusterOptions& options);

}  // namespace reel3d
