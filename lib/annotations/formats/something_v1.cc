// Something-Something v1 (lib/annotations/semicolon_lists.h).
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/semicolon_lists.h"

namespace reel3d::annotation_formats::something_v1 {
namespace {

bool Recognises(const AnnotationFile& file) {
  return IsSemicolonList(file, "something-something-v1");
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "something-v1", "Something-Something v1: lists of <id>;<label>, and the classes one a line",
    Recognises, ReadSemicolonLists};

}  // namespace reel3d::annotation_formats::something_v1
