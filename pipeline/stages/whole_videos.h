// Lists each untrimmed video once, for scores of complete videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/annotations/annotation_set.h"

namespace reel3d {

// Returns `set` with one row a source, without times. It has every label of the source's rows once,
// in their order. Throws a usage error if a file of the set's format usually holds only a part of a
// video, and an input error if a source is in two subsets.
AnnotationSet WholeVideos(AnnotationSet set);

}  // namespace reel3d
