// Lists without header of which a line is a path and numbers: those of mmaction2, PySlowFast,
// VideoMAE and UniFormer. Three columns mean different things to them, so nobody can tell such a
// list by itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "lib/annotations/annotation_format.h"

namespace reel3d {

struct PathListForm {
  // Numbers between the path and the labels.
  enum Numbers { kNone, kNumFrames, kFirstAndNumFrames } numbers = kNone;
  bool comma = false;           // a comma may stand for the blank
  bool several_labels = false;  // a line may have more than one, or none
};

// The fields are cut from the right, as paths may hold blanks. A label of -1 is none.
AnnotationSet ReadPathLists(const AnnotationRequest& request, const PathListForm& form);

// Returns whether the first line can be one of such a list.
bool CanBePathList(const AnnotationFile& file, const PathListForm& form);

}  // namespace reel3d
