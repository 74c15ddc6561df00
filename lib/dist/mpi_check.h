// Translates MPI's return codes and counts. Private to lib/dist.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace reel3d {

// Throws an environment error with MPI's message if `code` is not MPI_SUCCESS.
void CheckMpi(int code, const char* function);

// Converts a count to MPI's int. Throws an environment error above 2^31-1.
int MpiCount(int64_t count);

}  // namespace reel3d
