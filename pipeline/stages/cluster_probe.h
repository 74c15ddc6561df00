// Makes the ClusterProbe of lib/cluster from MPI, torch, the loader and the system.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/cluster/check.h"
#include "lib/dist/device_choice.h"
#include "lib/dist/world.h"

namespace reel3d {

// Collective: every rank calls it. `world` and `needs` must outlive the probe.
ClusterProbe MakeClusterProbe(const World& world, const ClusterNeeds& needs, DeviceChoice device);

}  // namespace reel3d
