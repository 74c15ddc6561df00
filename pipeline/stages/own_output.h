// Recognises output of reel3d's own tools beside a user's videos, so that it is not listed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/data/video_tree.h"

namespace reel3d {

// Recognises the folders of stages, finished or not, and prepared videos in any folder: Matroska
// files with the tag that prep-videos writes. It does not recognise the folders of
// make-demo-videos, which are meant to be listed.
TreeFilter OwnOutput();

}  // namespace reel3d
