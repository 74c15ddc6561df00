// The stage behind inspect-file: describes any file or folder that reel3d writes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "pipeline/stages/network_profile.h"
#include "pipeline/stages/watch_run.h"

namespace reel3d {

struct InspectFileOptions {
  std::vector<std::string> files;  // one, or two whose passports are compared
  int rows = 20;
  std::string video;      // id
  std::string frames_to;  // folder; empty: none are written
  bool layers = false;
  ProfiledClip clip;
  WatchOptions watch;

  void Bind(OptionBinder& binder);
  void Check() const;
};

// Describes the file as one object: "kind", then single values, then "rows", an array of objects
// with equal keys. Throws an input error if reel3d does not write such files, or if the file is
// damaged.
nlohmann::ordered_json InspectFile(const std::string& file);
// Describes a file that holds a network, with its layers and their costs as rows.
nlohmann::ordered_json InspectLayers(const std::string& file, const ProfiledClip& clip);

}  // namespace reel3d
