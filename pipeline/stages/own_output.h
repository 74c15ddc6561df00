// Tells what reel3d's own tools wrote beside somebody's videos, so that it is not listed as videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/data/video_tree.h"

namespace reel3d {

// Passes over the folders of stages, finished or not, and prepared videos wherever they lie: a
// Matroska file with the tag that prep-videos writes. Not those of make-demo-videos, which are
// there to be listed.
TreeFilter OwnOutput();

}  // namespace reel3d
