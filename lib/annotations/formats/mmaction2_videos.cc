// mmaction2's lists of videos (lib/annotations/path_lists.h).
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/path_lists.h"

namespace reel3d::annotation_formats::mmaction2_videos {
namespace {

constexpr PathListForm kForm = {PathListForm::kNone, false, true};

bool Recognises(const AnnotationFile& file) { return CanBePathList(file, kForm); }

AnnotationSet Read(const AnnotationRequest& request) { return ReadPathLists(request, kForm); }

}  // namespace

extern const AnnotationFormat kFormat = {
    "mmaction2-videos", "mmaction2's lists of videos: path label, or path label label...",
    Recognises, Read};

}  // namespace reel3d::annotation_formats::mmaction2_videos
