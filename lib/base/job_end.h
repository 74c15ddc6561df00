// When the scheduler will end this job.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace reel3d {

// In seconds since 1970: SLURM_JOB_END_TIME where Slurm sets it, else what `squeue` says of
// SLURM_JOB_ID at this moment. None outside of Slurm, without a time limit, or where squeue does
// not answer. Starts a process: once a job is enough, as every question costs the scheduler time.
std::optional<int64_t> JobEndTime();

}  // namespace reel3d
