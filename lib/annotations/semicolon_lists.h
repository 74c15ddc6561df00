// The lists of Something-Something v1 and Jester: <id>;<label>, and the classes one a line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/annotations/annotation_format.h"

namespace reel3d {

// Returns whether the file is such a list, and named as those of the set `prefix` are or as no
// other's.
bool IsSemicolonList(const AnnotationFile& file, const std::string& prefix);

// Reads the lists and, from files that have "labels" in their names, the classes.
AnnotationSet ReadSemicolonLists(const AnnotationRequest& request);

}  // namespace reel3d
