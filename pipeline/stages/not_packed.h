// Videos of the manifest that are in no shard, and why.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/shard/shard_plan.h"
#include "lib/shard/shard_set.h"
#include "pipeline/support/item_loop.h"

namespace reel3d {

constexpr const char* kPackStage = "pack";

// The prepared file of the video `id`.
std::filesystem::path PreparedFile(const std::filesystem::path& prepared_dir,
                                   const std::string& id);

// Why prep-videos could not do some videos, by id.
struct PrepFailures {
  bool allow_unfinished = false;
  std::unordered_map<std::string, std::string> reasons;
};

// Throws an input error where prep-videos has not finished, unless that is allowed.
PrepFailures ReadPrepFailures(const std::filesystem::path& prepared_dir, bool allow_unfinished);

// Why there is no prepared file of the video.
FailedItem WhyMissing(const std::filesystem::path& prepared_dir, const std::string& id,
                      const PrepFailures& failures);

// All that will be in no shard: `failed` are videos of the plan.
std::vector<MissingVideo> NotPacked(const PackPlan& plan, const std::vector<FailedItem>& failed);

}  // namespace reel3d
