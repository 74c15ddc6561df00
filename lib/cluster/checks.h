// Declares the checks, each of which has a file of its name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/cluster/check.h"

namespace reel3d {

ClusterCheck RanksCheck();
ClusterCheck VersionsCheck();
ClusterCheck CoresCheck();
ClusterCheck LimitsCheck();
ClusterCheck ClockCheck();
ClusterCheck TransportCheck();
ClusterCheck AllReduceCheck();
ClusterCheck SlowPairCheck();
ClusterCheck SameStepCheck();
ClusterCheck FolderCheck();
ClusterCheck VisibleCheck();
ClusterCheck LoaderCheck();

}  // namespace reel3d
