// Reads lists without header whose lines are a path and numbers: those of mmaction2, PySlowFast,
// VideoMAE and UniFormer. The same line may mean different things in these formats, so the format
// of such a list can seldom be guessed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "lib/annotations/annotation_format.h"

namespace reel3d {

struct PathListForm {
  // Numbers between the path and the labels.
  enum Numbers { kNone, kNumFrames, kFirstAndNumFrames } numbers = kNone;
  bool comma = false;           // the delimiter may be a comma instead of a blank
  bool several_labels = false;  // a line may have any number of labels
};

// Reads the fields of a line from the right, as paths may hold blanks. Label -1 means no label.
AnnotationSet ReadPathLists(const AnnotationRequest& request, const PathListForm& form);

// Returns whether the first line fits such a list.
bool CanBePathList(const AnnotationFile& file, const PathListForm& form);

}  // namespace reel3d
