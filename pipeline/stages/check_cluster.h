// The stage behind check-cluster: checks hosts, network and folders from inside of a job, before
// the training that would meet their faults.
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

// Collective. Every rank returns the same verdicts, except for those of the history, which rank 0
// alone reads and writes. `plant` may replace questions of the probe: tests plant faults by it.
CheckClusterReport CheckCluster(const World& world, const CheckClusterOptions& options,
                                const std::function<void(ClusterProbe*)>& plant = {});

// Starts MPI and checks. Only rank 0 has text and JSON.
ToolResult RunCheckCluster(const CheckClusterOptions& options);

}  // namespace reel3d
