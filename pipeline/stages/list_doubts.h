// Logs the doubts of list-videos about the videos that it found. Doubts are no faults, but without
// the log a user would notice them only after days of training.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/data/class_doubts.h"
#include "lib/data/manifest.h"
#include "lib/data/video_tree.h"

namespace reel3d {

// Names every file or folder that was skipped because of its name, because reel3d's tools made it,
// because it is hidden, or because it is no regular file.
void WarnOfPassedOver(const VideoTree& tree);

// Unites classes whose names are the same in different Unicode forms, under the composed form, and
// logs it. Takes byte order marks from their names. Warns of classes that only look alike.
void UnifyLabels(std::vector<FoundVideo>* videos);

void WarnOfClasses(const std::vector<ClassCounts>& classes);

// Warns if a training video is also held out, as an equal file with another name. Compares only a
// limited number of files of the same size. `subsets` holds the subset of each video.
void WarnOfEqualFiles(const VideoTree& tree, const std::vector<Subset>& subsets);

}  // namespace reel3d
