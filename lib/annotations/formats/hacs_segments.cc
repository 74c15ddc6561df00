// HACS segments: ActivityNet's json (lib/annotations/untrimmed_json.h) with durations as strings.
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/untrimmed_json.h"

namespace reel3d::annotation_formats::hacs_segments {
namespace {

bool Recognises(const AnnotationFile& file) {
  const std::string head = file.Head();
  const auto holds = [&](const char* text) { return head.find(text) != std::string::npos; };
  return holds("\"database\"") && (holds("\"duration\": \"") || holds("\"duration\":\""));
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "hacs-segments", "HACS segments: HACS_segments_v1.1.1.json, segments of long videos",
    Recognises, ReadUntrimmedJson};

}  // namespace reel3d::annotation_formats::hacs_segments
