// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/data_doubts.h"

#include <fmt/format.h>

#include "lib/data/class_doubts.h"
#include "lib/data/names.h"
#include "lib/shard/equal_frames.h"

namespace reel3d {
namespace {

std::vector<ClassCounts> CountClasses(const ShardSet& shards) {
  std::vector<ClassCounts> classes;
  for (const std::string& name : shards.classes()) {
    classes.push_back({name});
  }
  for (const IndexedVideo& video : shards.videos()) {
    if (video.label >= 0) {
      ClassCounts& counts = classes[static_cast<size_t>(video.label)];
      counts.training += video.subset == Subset::kTraining ? 1 : 0;
      counts.validation += video.subset == Subset::kValidation ? 1 : 0;
    }
  }
  return classes;
}

}  // namespace

std::vector<std::string> DataDoubts(const ShardSet& shards) {
  std::vector<std::string> doubts = ClassDoubts(CountClasses(shards));
  const std::filesystem::path file = shards.folder() / kSameContentFile;
  const SameContentPairs pairs =
      std::filesystem::exists(file) ? ReadSameContent(file) : SameContentPairs();
  if (!pairs.empty()) {
    std::vector<std::string> names;
    for (const auto& [held_out, training] : pairs) {
      names.push_back(fmt::format("{} = {}", held_out, training));
    }
    constexpr size_t kNames = 4;
    doubts.push_back(fmt::format(
        "{} of the videos held out show the same frames as training videos, so that what is judged "
        "was trained on: {}",
        pairs.size(), NameSome(names, kNames)));
  }
  return doubts;
}

}  // namespace reel3d
