// Tells errors of a full disk from others. Such an error may come from another process, which hands
// on its message alone, so the message is what all of them have.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace reel3d {

// Returns whether this is the message of a WriteError() (lib/base/error.h) for a full disk or a
// used up quota, perhaps with more text around it.
bool SaysDiskIsFull(std::string_view message);

}  // namespace reel3d
