// Names what a run has taken as a plan names it, so that the two can be compared.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace reel3d {

// A stage that has not run has no entry, nor has a figure that is not known.
struct RunOutcome {
  std::map<std::string, double> by_key;  // "prepare.wall_s", as in the figures of a plan
  // Keys of `by_key` that say nothing about a rate, because the stage was interrupted.
  std::set<std::string> with_pauses;
  std::vector<std::string> notes;  // sentences on what is left out
};

// Throws as ReadRunMeasurements() does.
RunOutcome ReadRunOutcome(const std::filesystem::path& folder);

}  // namespace reel3d
