// SPDX-License-Identifier: Apache-2.0
#include "lib/base/launched_rank.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace reel3d {

std::optional<int> LaunchedRank() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (const char* rank = std::getenv(name)) {
      int number = 0;
      std::from_chars(rank, rank + std::strlen(rank), number);
      return number;
    }
  }
  return std::nullopt;
}

bool StartedByMpirun() { return std::getenv("OMPI_COMM_WORLD_RANK") != nullptr; }

bool StartedByRunRanks() { return std::getenv(kRunRanksVariable) != nullptr; }

}  // namespace reel3d
