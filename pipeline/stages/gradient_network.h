// Says which network carries the gradients of a training between hosts. Training on a slower
// network than the hosts have gives the same weights, only later, so nothing else would show it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "lib/cluster/probe.h"
#include "lib/dist/nccl_log.h"
#include "lib/dist/world.h"

namespace reel3d {

// Sets `transport`, `network` and `uses_nccl` of the probe. `nccl` is what NCCL's log says; nothing
// if the ranks compute on CPUs, where MPI carries the gradients.
void NameTransport(const std::optional<NcclNetwork>& nccl, ClusterProbe* probe);

// A line for the log of training.
struct NetworkNote {
  std::string text;  // "": all ranks are on one host, so no network carries anything
  bool is_warning = false;
};

// Judges the network as the row "transport" of check-cluster does. Uses `host`, `transport`,
// `network`, `uses_nccl`, `root` and `gather` of the probe. Collective; returns the same on every
// rank.
NetworkNote DescribeNetwork(const ClusterProbe& probe);

// Finds out what carries the gradients of the ranks of `world`, and logs it. Make this object
// before NCCL starts.
class GradientNetwork {
 public:
  GradientNetwork(const World& world, bool has_gpu);

  // Call it once, when the ranks have exchanged something, because NCCL chooses its network then.
  // The main rank writes the line to the log. Removes the file of NCCL's log, so that a training
  // that is killed leaves none behind. Collective.
  void Say();

 private:
  const World& world_;
  std::optional<NcclLog> log_;  // only on GPUs
};

}  // namespace reel3d
