// AVA and AVA-Kinetics label boxes in frames. They are recognised in order to be refused.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <regex>

#include "lib/annotations/annotation_format.h"
#include "lib/annotations/label_forms.h"
#include "lib/base/error.h"
#include "lib/data/names.h"

namespace reel3d::annotation_formats::ava {
namespace {

bool Recognises(const AnnotationFile& file) {
  static const std::regex box(R"([^,]+,\d+(\.\d+)?(,[01](\.\d+)?){4},\d+(,\d+)?)");
  const std::string line = InSmallLetters(file.FirstLine());
  return std::regex_match(line, box) || line.find(",x1,y1,x2,y2") != std::string::npos;
}

AnnotationSet Read(const AnnotationRequest& request) {
  throw InputError(Escaped(request.files.front().path.string()) +
                   ": labels people's boxes at moments of a video (video_id,time,x1,y1,x2,y2,"
                   "action_id), as sets for detection do; a network of this project classifies "
                   "whole videos or parts, so such a set cannot be listed");
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "ava", "AVA and AVA-Kinetics: sets for detection, which are refused", Recognises, Read};

}  // namespace reel3d::annotation_formats::ava
