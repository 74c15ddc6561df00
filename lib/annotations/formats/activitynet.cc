// ActivityNet 1.2 and 1.3 (lib/annotations/untrimmed_json.h).
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/untrimmed_json.h"

namespace reel3d::annotation_formats::activitynet {
namespace {

bool Recognises(const AnnotationFile& file) {
  const std::string head = file.Head();
  const auto holds = [&](const char* text) { return head.find(text) != std::string::npos; };
  return head.substr(0, 1) == "{" && holds("\"database\"") && holds("\"duration\"") &&
         !holds("\"duration\": \"") && !holds("\"duration\":\"");
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "activitynet", "ActivityNet 1.2 or 1.3: activity_net.v1-3.min.json, segments of long videos",
    Recognises, ReadUntrimmedJson};

}  // namespace reel3d::annotation_formats::activitynet
