// Makes the text of the doubt (doubt.h) that training videos are held out under another name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/data/doubt.h"

namespace reel3d {

// The names of a validation video and of the first training video that it equals.
using HeldOutCopies = std::vector<std::pair<std::string, std::string>>;

// Returns the doubt, or none without pairs. `what` names what is equal: "content" of files, or
// "frames".
std::vector<Doubt> DoubtOfCopies(const HeldOutCopies& pairs, const std::string& what);

}  // namespace reel3d
