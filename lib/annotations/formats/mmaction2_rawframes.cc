// mmaction2's lists of frame folders (lib/annotations/path_lists.h). The rows are listed as videos
// of the same names.
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/path_lists.h"

namespace reel3d::annotation_formats::mmaction2_rawframes {
namespace {

constexpr PathListForm kForm = {PathListForm::kNumFrames, false, true};

bool Recognises(const AnnotationFile& file) { return CanBePathList(file, kForm); }

AnnotationSet Read(const AnnotationRequest& request) { return ReadPathLists(request, kForm); }

}  // namespace

extern const AnnotationFormat kFormat = {
    "mmaction2-rawframes",
    "mmaction2's lists of frame folders: folder frames label, taken as videos of that name",
    Recognises, Read};

}  // namespace reel3d::annotation_formats::mmaction2_rawframes
