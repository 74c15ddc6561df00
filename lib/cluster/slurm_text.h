// Reads what Slurm's commands print. slurm/limits.sh and slurm/grace.sh read the same on a login
// node, and tests/cluster/slurm_scripts_test.cc compares them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reel3d {

// Returns the value of "Key   = value" in a text with a line for each key; "" if it is not there.
std::string ValueInLines(const std::string& text, std::string_view key);
// Returns the value of "Key=value" in a line of such pairs; "" if it is not there.
std::string ValueInPairs(const std::string& text, const std::string& key);
// Returns the number at the start of "1001", "30 sec"; nothing for "UNLIMITED", "(null)" and what
// is no number of Slurm.
std::optional<int64_t> NumberIn(const std::string& text);

// Returns the number of tasks that an array may have, from the text of `scontrol show config`:
// because of MaxArraySize, which is one more than the highest number of a task, and of
// max_array_tasks. Returns nothing if MaxArraySize is not there.
std::optional<int64_t> MostArrayTasks(const std::string& config);

}  // namespace reel3d
