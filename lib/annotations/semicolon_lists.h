// Reads the lists of Something-Something v1 and Jester: lines <id>;<label>, and one class per line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/annotations/annotation_format.h"

namespace reel3d {

// Returns whether the name of the file begins with `prefix`, or the file has lines <id>;<label> and
// its name begins with the name of neither set.
bool IsSemicolonList(const AnnotationFile& file, const std::string& prefix);

// Reads the lists and, from files that have "labels" in their names, the classes.
AnnotationSet ReadSemicolonLists(const AnnotationRequest& request);

}  // namespace reel3d
