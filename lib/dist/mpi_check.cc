// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/mpi_check.h"

#include <fmt/format.h>
#include <mpi.h>

#include <array>
#include <limits>

#include "lib/base/error.h"

namespace reel3d {

void CheckMpi(int code, const char* function) {
  if (code != MPI_SUCCESS) {
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    throw EnvironmentError(fmt::format("{} failed: {}", function, text.data()));
  }
}

int MpiCount(int64_t count) {
  if (count > std::numeric_limits<int>::max()) {
    throw EnvironmentError(fmt::format("MPI cannot move {} values at once", count));
  }
  return static_cast<int>(count);
}

}  // namespace reel3d
