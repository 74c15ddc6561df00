// The stage behind inspect-file: says what is in any file or folder that reel3d writes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"
#include "pipeline/stages/network_profile.h"

namespace reel3d {

struct InspectFileOptions {
  std::string file;
  int rows = 20;
  std::string video;      // id
  std::string frames_to;  // folder; empty: none are written
  bool layers = false;
  ProfiledClip clip;

  void Bind(OptionBinder& binder);
  void Check() const;
};

// Describes the file as one object: "kind", then single values, then "rows", an array of objects
// with equal keys. Throws an input error if it is none of ours or damaged.
nlohmann::ordered_json InspectFile(const std::string& file);
// The same of a file that tells of a network, with its layers as rows and what they cost.
nlohmann::ordered_json InspectLayers(const std::string& file, const ProfiledClip& clip);

}  // namespace reel3d
