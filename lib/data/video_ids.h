// Gives each video an id, which names the files of the video in all later stages.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/data/video_tree.h"

namespace reel3d {

// Returns a unique id for each video: its file name without the extension. If videos share an id,
// the folders below the source are put before it ("wave1-daria"); if that is not enough, the
// extension is added, and at last a number. Characters other than letters, digits and . _ - become
// _. An id of more than kMaxIdBytes is cut after 100 to 103 bytes and ends in a hash of its uncut
// name, 16 hexadecimal digits. Only the number depends on the order of the files.
std::vector<std::string> MakeIds(const std::vector<FoundVideo>& videos);

}  // namespace reel3d
