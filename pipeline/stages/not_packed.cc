// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/not_packed.h"

#include <utility>

#include "lib/base/file.h"
#include "lib/data/prepared_folder.h"

namespace reel3d {
namespace fs = std::filesystem;

PrepFailures ReadPrepFailures(const fs::path& prepared_dir, bool allow_unfinished) {
  RequireFolder(prepared_dir, "the videos made by prep-videos");
  if (!allow_unfinished) {
    RequireFile(prepared_dir / "DONE",
                "prep-videos has not finished there; --allow-unfinished packs "
                "what is there");
  }
  PrepFailures failures{allow_unfinished, {}};
  const fs::path failed = prepared_dir / "failed.tsv";
  if (fs::exists(failed)) {
    for (FailedItem& item : ParseFailedItems(ReadFile(failed), failed.string())) {
      failures.reasons.emplace(item.id, std::move(item.reason));
    }
  }
  return failures;
}

FailedItem WhyMissing(const fs::path& prepared_dir, const std::string& id,
                      const PrepFailures& failures) {
  if (const auto reason = failures.reasons.find(id); reason != failures.reasons.end()) {
    return {id, kPrepStage, reason->second};
  }
  if (failures.allow_unfinished) {
    return {id, kPrepStage, "not prepared yet"};
  }
  return {id, kPackStage, "there is no " + PreparedFile(prepared_dir, id).string()};
}

std::vector<MissingVideo> NotPacked(const PackPlan& plan, const std::vector<FailedItem>& failed) {
  std::vector<MissingVideo> missing = plan.missing;
  std::unordered_map<std::string, Subset> subset_of_id;
  for (const PlannedVideo& video : plan.videos) {
    subset_of_id.emplace(video.id, video.subset);
  }
  for (const FailedItem& item : failed) {
    missing.push_back({item.id, subset_of_id.at(item.id)});
  }
  return missing;
}

}  // namespace reel3d
