// The layers and the costs of a network that a file tells of: inspect-file --layers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

// What clips to count for; 0: as `file` says, else as the family was published.
struct ProfiledClip {
  int frames = 0;
  int size = 0;  // pixels, square
};

// Of a checkpoint, a file of weights, or settings of train-r3d (.ini): "network", "clip" and sums,
// then "rows", a layer each. A file's classes count where it tells them, else 400. Throws an input
// error where the file is of no network that reel3d knows, a usage error where the network cannot
// take such clips or this program was built without torch.
nlohmann::ordered_json DescribeNetwork(const std::string& file, const ProfiledClip& clip);

}  // namespace reel3d
