// Describes the layers and the costs of a file's network, for inspect-file --layers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

// The size of the clips for which costs are counted. 0: the size that the file states, else the
// size that the network's family was published with.
struct ProfiledClip {
  int frames = 0;
  int size = 0;  // pixels, square
};

// Takes a checkpoint, a file of weights, or settings of train-r3d (.ini). Returns "network", "clip"
// and sums, then "rows", one for each layer. The number of classes is 400 if the file does not
// state it. Throws an input error if reel3d does not know the file's network. Throws a usage error
// if the network cannot take such clips or this program was built without torch.
nlohmann::ordered_json DescribeNetwork(const std::string& file, const ProfiledClip& clip);

}  // namespace reel3d
