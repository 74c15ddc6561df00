// Jester (lib/annotations/semicolon_lists.h).
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/semicolon_lists.h"

namespace reel3d::annotation_formats::jester {
namespace {

bool Recognises(const AnnotationFile& file) { return IsSemicolonList(file, "jester"); }

}  // namespace

extern const AnnotationFormat kFormat = {
    "jester", "Jester: lists of <id>;<label>, and the classes one a line", Recognises,
    ReadSemicolonLists};

}  // namespace reel3d::annotation_formats::jester
