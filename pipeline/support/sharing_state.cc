// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/sharing_state.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/lease/lease_folder.h"
#include "pipeline/support/ended_attempts.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/stage_tasks.h"
#include "pipeline/support/task_slice.h"

namespace reel3d {
namespace fs = std::filesystem;

int ReadNumSlices(const fs::path& leases) {
  std::string text;
  try {
    text = ReadFile(leases / kSlicesFile, 64);
  } catch (const Error&) {
    return 0;
  }
  int slices = 0;
  std::from_chars(text.data(), text.data() + text.size(), slices);
  return slices >= 1 && slices <= kMostTasks ? slices : 0;
}

std::optional<SharingState> ReadSharingState(const fs::path& folder) {
  SharingState state;
  state.num_slices = ReadNumSlices(folder / kLeasesFolder);
  if (state.num_slices == 0 || fs::exists(folder / kDoneFile)) {
    return std::nullopt;
  }
  for (int slice = 0; slice < state.num_slices; ++slice) {
    state.num_done += fs::exists(FolderOfTask(folder, slice, state.num_slices) / kDoneFile) ? 1 : 0;
  }
  for (const std::string& name : HeldLeases(folder / kLeasesFolder)) {
    state.num_at_work += name == kJoinLease ? 0 : 1;
  }
  for (const auto& [name, ended] : EndedLeases(folder / kLeasesFolder)) {
    state.ended.push_back(fmt::format("slice {}: {}", name, DescribeEnd(ended)));
  }
  return state;
}

}  // namespace reel3d
