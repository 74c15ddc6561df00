// VideoMAE's lists for fine-tuning (lib/annotations/path_lists.h). VideoMAE's lists for
// pre-training have no labels.
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/path_lists.h"

namespace reel3d::annotation_formats::videomae {
namespace {

constexpr PathListForm kForm = {PathListForm::kNone, false, false};

bool Recognises(const AnnotationFile& file) { return CanBePathList(file, kForm); }

AnnotationSet Read(const AnnotationRequest& request) { return ReadPathLists(request, kForm); }

}  // namespace

extern const AnnotationFormat kFormat = {"videomae", "VideoMAE's lists for fine-tuning: path label",
                                         Recognises, Read};

}  // namespace reel3d::annotation_formats::videomae
