// Private to lib/model: the half of a network family that needs torch. Each family fills one row in
// its own file in lib/model/families. The other half (name, help, depths, weights) is a row in
// lib/weights/families, because tools without torch recognise weights, too.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "lib/model/network.h"

namespace reel3d {

struct FamilyNetwork {
  std::shared_ptr<NetworkImpl> (*make)(const NetworkOptions& options);
  // Throws a usage error that says what is accepted if the network cannot take such clips. Null:
  // it takes any clips.
  void (*check_clips)(const NetworkOptions& options, int64_t frames, int64_t height,
                      int64_t width) = nullptr;
};

// Each file in lib/model/families specialises this for its families in family::List.
template <class Tag>
FamilyNetwork NetworkOf();

}  // namespace reel3d
