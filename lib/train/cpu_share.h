// How many cores belong to this rank.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/dist/world.h"

namespace reel3d {

// This rank's even part of the cores that are available (lib/base/host.h), where other ranks of its
// host may use the very same ones; at least 1. Collective.
int CpuShare(const World& world);

}  // namespace reel3d
