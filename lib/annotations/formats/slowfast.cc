// PySlowFast's and UniFormer's lists (lib/annotations/path_lists.h).
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/path_lists.h"

namespace reel3d::annotation_formats::slowfast {
namespace {

constexpr PathListForm kForm = {PathListForm::kNone, true, false};

bool Recognises(const AnnotationFile& file) { return CanBePathList(file, kForm); }

AnnotationSet Read(const AnnotationRequest& request) { return ReadPathLists(request, kForm); }

}  // namespace

extern const AnnotationFormat kFormat = {
    "slowfast", "PySlowFast's and UniFormer's lists: path label, parted by a blank or a comma",
    Recognises, Read};

}  // namespace reel3d::annotation_formats::slowfast
