// Says how far the tasks are that share the work of a stage (shared_stage.h), from the files in its
// folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reel3d {

// Names of files in the folder of the leases.
constexpr const char* kSlicesFile = "slices";
constexpr const char* kJoinLease = "join";  // the lease of the task that joins the reports

// Returns the number of slices that the folder of the leases states; 0 if it states none.
int ReadNumSlices(const std::filesystem::path& leases);

// Says how far a shared stage is that has not finished.
struct SharingState {
  int num_slices = 0;
  int num_done = 0;
  int num_at_work = 0;             // slices with a lease, which may be stale
  std::vector<std::string> ended;  // one line for each attempt that ended without finishing
};

// Returns nothing if no tasks share the work of `folder`.
std::optional<SharingState> ReadSharingState(const std::filesystem::path& folder);

}  // namespace reel3d
