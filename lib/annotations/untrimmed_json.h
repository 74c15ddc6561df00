// Reads the JSON of ActivityNet and of HACS segments: a database of untrimmed videos, each with a
// list of labelled segments.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/annotations/annotation_format.h"

namespace reel3d {

// Returns one row for each segment. A video without segments is one row without label. Durations
// may be numbers or strings. A segment that ends after the video's duration is cut there. A segment
// is left out and counted if it begins at or after the duration, or does not end after its begin.
AnnotationSet ReadUntrimmedJson(const AnnotationRequest& request);

}  // namespace reel3d
