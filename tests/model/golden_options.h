// Reads the options of a network from the golden files (tests/golden/networks.py).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "lib/model/network.h"

namespace reel3d::test {

// Returns options without dropout. What `json` does not name has its default.
inline NetworkOptions GoldenOptions(const nlohmann::json& json, int num_classes) {
  NetworkOptions options;
  options.model = json["model"];
  options.depth = json.value("depth", options.depth);
  options.shortcut =
      FindChoice<ShortcutType>(json.value("shortcut", NameOf(options.shortcut))).value();
  options.shortcut_gradient =
      FindChoice<ShortcutGradient>(
          json.value("shortcut_gradient", NameOf(options.shortcut_gradient)))
          .value();
  options.width = json["width"];
  options.stem_channels = json.value("stem_channels", options.stem_channels);
  options.stem_frames = json.value("stem_frames", options.stem_frames);
  options.stem_stride = json.value("stem_stride", options.stem_stride);
  options.max_pool = json.value("max_pool", options.max_pool);
  options.dropout = 0;
  options.num_classes = num_classes;
  return options;
}

}  // namespace reel3d::test
