// Logs what list-videos doubts about the videos that it found. Nothing of it is a fault, but it
// would show only when something has been trained for days.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/data/class_doubts.h"
#include "lib/data/manifest.h"
#include "lib/data/video_tree.h"

namespace reel3d {

// Names every file or folder that was passed over for its name, and what was passed over as made by
// reel3d's tools, as hidden, or as no file.
void WarnOfPassedOver(const VideoTree& tree);

// Makes classes whose names are the same in different Unicode forms one class, named in the
// composed form, and says so. Takes byte order marks from their names. Warns of classes that only
// look alike.
void UnifyLabels(std::vector<FoundVideo>* videos);

void WarnOfClasses(const std::vector<ClassCounts>& classes);

// Warns of training videos that are held out under another name, as far as that is cheap to see.
// `subsets` has one of each video.
void WarnOfEqualFiles(const VideoTree& tree, const std::vector<Subset>& subsets);

}  // namespace reel3d
