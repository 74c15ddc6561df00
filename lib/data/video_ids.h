// Names videos: an id is what their files are called from here on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/data/video_tree.h"

namespace reel3d {

// Returns a unique id for each video: its file name without the extension. Where videos share one,
// those get the folders below the source before it ("wave1-daria"), where that is not enough also
// the extension, and at last a number. Characters other than letters, digits and . _ - become _.
// What is longer than an id may be (kMaxIdBytes) is cut after 103 bytes or up to three less, and
// ends in a hash of the whole, 16 hexadecimal digits: it depends on the name alone, never on the
// order of files.
std::vector<std::string> MakeIds(const std::vector<FoundVideo>& videos);

}  // namespace reel3d
