// SPDX-License-Identifier: Apache-2.0
#include "lib/base/launched_rank.h"

#include <cstdlib>

namespace reel3d {

std::optional<int> LaunchedRank() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (const char* rank = std::getenv(name)) {
      return std::atoi(rank);
    }
  }
  return std::nullopt;
}

bool StartedByMpirun() { return std::getenv("OMPI_COMM_WORLD_RANK") != nullptr; }

bool StartedByRunRanks() { return std::getenv(kRunRanksVariable) != nullptr; }

}  // namespace reel3d
