// mmaction2's lists of parts of frame folders (lib/annotations/path_lists.h).
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/path_lists.h"

namespace reel3d::annotation_formats::mmaction2_rawframes_offset {
namespace {

constexpr PathListForm kForm = {PathListForm::kFirstAndNumFrames, false, true};

bool Recognises(const AnnotationFile& file) { return CanBePathList(file, kForm); }

AnnotationSet Read(const AnnotationRequest& request) { return ReadPathLists(request, kForm); }

}  // namespace

extern const AnnotationFormat kFormat = {
    "mmaction2-rawframes-offset",
    "mmaction2's lists of parts: folder first frames label, with --annotation-fps", Recognises,
    Read};

}  // namespace reel3d::annotation_formats::mmaction2_rawframes_offset
