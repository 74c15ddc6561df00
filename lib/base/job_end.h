// Finds out when the scheduler will end this job.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace reel3d {

// Returns seconds since 1970: SLURM_JOB_END_TIME if Slurm sets it, else the end that `squeue`
// states for SLURM_JOB_ID. Returns nothing outside of Slurm, without a time limit, or if squeue
// does not answer. It starts a process and costs the scheduler time, so call it once per job.
std::optional<int64_t> JobEndTime();

}  // namespace reel3d
