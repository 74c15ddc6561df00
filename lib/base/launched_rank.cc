// SPDX-License-Identifier: Apache-2.0
#include "lib/base/launched_rank.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "lib/base/error.h"

namespace reel3d {
namespace {

constexpr const char* kSlurmStep = "SLURM_STEP_NUM_TASKS";

// The nearest launcher comes first.
constexpr std::array<const char*, 4> kCounts = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                                "MV2_COMM_WORLD_SIZE", kSlurmStep};

int NumberIn(const char* text) {
  int number = 0;
  std::from_chars(text, text + std::strlen(text), number);
  return number;
}

}  // namespace

std::optional<int> LaunchedRank() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (const char* rank = std::getenv(name)) {
      return NumberIn(rank);
    }
  }
  return std::nullopt;
}

std::optional<LaunchedCount> LaunchedTogether() {
  for (const char* name : kCounts) {
    const char* count = std::getenv(name);
    if (count != nullptr && NumberIn(count) > 0) {
      return LaunchedCount{NumberIn(count), name};
    }
  }
  return std::nullopt;
}

bool AllLaunchedHere() {
  const char* const here = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  const char* const all = std::getenv("OMPI_COMM_WORLD_SIZE");
  return here != nullptr && all != nullptr && NumberIn(here) > 0 && NumberIn(here) == NumberIn(all);
}

void RequireOthersFound(int mpi_size) {
  const std::optional<LaunchedCount> launched = LaunchedTogether();
  if (!launched || launched->processes <= 1 || mpi_size >= launched->processes) {
    return;
  }
  const bool by_srun = launched->variable == kSlurmStep;
  throw EnvironmentError(fmt::format(
      "{} processes were started together ({}={}), but MPI knows of {}, so {} would do the whole "
      "work: {}. If {} meant, unset {}",
      launched->processes, launched->variable, launched->processes,
      mpi_size == 1 ? "this one alone" : fmt::format("{} of them", mpi_size),
      mpi_size == 1 ? "each" : "each such group",
      by_srun ? "`srun --mpi=list` must name pmix, whose library is libpmix; then start it by "
                "`srun --mpi=pmix ...`, or by mpirun inside the job"
              : "the launcher is of another MPI than this program; start it by the mpirun of the "
                "MPI that `--version` names",
      mpi_size == 1 ? "one process is" : fmt::format("{} are", mpi_size), launched->variable));
}

bool StartedByMpirun() { return std::getenv("OMPI_COMM_WORLD_RANK") != nullptr; }

bool StartedByRunRanks() { return std::getenv(kRunRanksVariable) != nullptr; }

}  // namespace reel3d
