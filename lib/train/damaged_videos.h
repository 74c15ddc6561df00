// The videos of which frames could not be read, and why: found by single ranks while they load,
// then the same on every rank, and after a resume.
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
  // By id; of this rank.
  using Reasons = std::map<std::string, std::string>;

  // Of a video found before nothing changes.
  void Note(const std::string& id, const std::string& reason);
  // Whether this rank knows of videos that the others may not.
  bool HasNews() const { return !news_.empty(); }
  // Collective: every rank learns what all have found. Which rank found it changes nothing.
  // Returns what is new.
  Reasons Share(const World& world);

  // What every rank knows.
  const Reasons& reasons() const { return shared_; }
  size_t size() const { return shared_.size(); }

  nlohmann::ordered_json State() const { return shared_; }
  // Throws an input error if that is none.
  void Restore(const nlohmann::ordered_json& state);

 private:
  Reasons shared_, news_;
};

}  // namespace reel3d
