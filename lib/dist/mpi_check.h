// MPI's return codes as our errors, and its counts. Private to lib/dist.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace reel3d {

// Throws an environment error with MPI's own words unless `code` says success.
void CheckMpi(int code, const char* function);

// MPI counts are int: an environment error beyond 2^31-1.
int MpiCount(int64_t count);

}  // namespace reel3d
