// The json of ActivityNet, which HACS' segments have too: a database of untrimmed videos, each with
// a list of labelled segments.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/annotations/annotation_format.h"

namespace reel3d {

// One row for each segment; a video without segments is one row without label. Durations may be
// numbers or strings. A segment that ends behind the video's duration ends there instead; one that
// begins there, and one that does not end after its begin, is left out and counted.
AnnotationSet ReadUntrimmedJson(const AnnotationRequest& request);

}  // namespace reel3d
