// Lists the videos whose frames could not be read, with the reasons. A rank finds such videos while
// it loads. Share() makes the list the same on every rank; checkpoints store the list.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/dist/world.h"

namespace reel3d {

class DamagedVideos {
 public:
  // The reason for each video id.
  using Reasons = std::map<std::string, std::string>;

  // Records a video that this rank found. Does nothing if the video is known on every rank.
  void Note(const std::string& id, const std::string& reason);
  // Returns true if this rank knows of videos that the others may not know.
  bool HasNews() const { return !news_.empty(); }
  // Gives every rank the videos that all ranks have found, and returns the new ones. The result
  // does not depend on which rank found a video. Collective.
  Reasons Share(const World& world);

  // Returns the videos that every rank knows.
  const Reasons& reasons() const { return shared_; }
  size_t size() const { return shared_.size(); }

  nlohmann::ordered_json State() const { return shared_; }
  // Throws an input error if `state` does not come from State().
  void Restore(const nlohmann::ordered_json& state);

 private:
  Reasons shared_, news_;
};

}  // namespace reel3d
