// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/damaged_videos.h"

#include <algorithm>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Keeps the smallest of several reasons, because the result must not depend on the rank that found
// it.
void AddTo(DamagedVideos::Reasons* reasons, const std::string& id, const std::string& reason) {
  const auto [found, is_new] = reasons->emplace(id, reason);
  if (!is_new) {
    found->second = std::min(found->second, reason);
  }
}

}  // namespace

void DamagedVideos::Note(const std::string& id, const std::string& reason) {
  if (shared_.count(id) == 0) {
    AddTo(&news_, id, reason);
  }
}

DamagedVideos::Reasons DamagedVideos::Share(const World& world) {
  Reasons all;
  for (const std::string& text : world.Gather(nlohmann::json(news_).dump())) {
    for (const auto& [id, reason] : nlohmann::json::parse(text).get<Reasons>()) {
      AddTo(&all, id, reason);
    }
  }
  news_.clear();
  shared_.insert(all.begin(), all.end());
  return all;
}

void DamagedVideos::Restore(const nlohmann::ordered_json& state) {
  try {
    shared_ = state.get<Reasons>();
  } catch (const nlohmann::json::exception& error) {
    throw InputError(std::string("damaged videos of the checkpoint: ") + error.what());
  }
  news_.clear();
}

}  // namespace reel3d
