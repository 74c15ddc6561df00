// Gives each video an id, which names its files from here on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/data/video_tree.h"

namespace reel3d {

// Returns a unique id for each video: its file name without the extension. If videos share an id,
// the folders below the source are put before it ("wave1-daria"); if that is not enough, the
// extension is added, and at last a number. Characters other than letters, digits and . _ - become
// _. A longer id than kMaxIdBytes is cut after 100 to 103 bytes and ends in a hash of the complete
// id, 16 hexadecimal digits. So it depends on the name alone, never on the order of files.
std::vector<std::string> MakeIds(const std::vector<FoundVideo>& videos);

}  // namespace reel3d
