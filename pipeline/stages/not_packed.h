// Lists the videos of the manifest that are in no shard, with the reasons.
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

// The stages in failed.tsv of shards.
constexpr const char* kPrepStage = "prep";
constexpr const char* kPackStage = "pack";

// Holds the reasons why prep-videos failed on some videos, by id.
struct PrepFailures {
  bool allow_unfinished = false;
  std::unordered_map<std::string, std::string> reasons;
};

// Throws an input error if prep-videos has not finished and `allow_unfinished` is false.
PrepFailures ReadPrepFailures(const std::filesystem::path& prepared_dir, bool allow_unfinished);

// Returns the reason why there is no prepared file of the video.
FailedItem WhyMissing(const std::filesystem::path& prepared_dir, const std::string& id,
                      const PrepFailures& failures);

// Returns all videos that will be in no shard: plan.missing, and those of plan.videos that are in
// `failed`.
std::vector<MissingVideo> NotPacked(const PackPlan& plan, const std::vector<FailedItem>& failed);

}  // namespace reel3d
