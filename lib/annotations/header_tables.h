// Plain tables with a header: the names of the columns say what stands in them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/annotations/annotation_format.h"

namespace reel3d {

// Columns, in any order and of any case; others are passed over:
//   path, file, filename, video_path or video   a path; or: id, video_id   a name of a file
//   label, class or action                      may be absent or empty
//   subset or split                             else the file's name tells it
//   begin_s, begin, start or time_start         seconds; may be absent or empty
//   end_s, end or time_end
AnnotationSet ReadHeaderTables(const AnnotationRequest& request, char delimiter);

// Returns whether the first line is such a header, and none of a published set.
bool HasPlainHeader(const AnnotationFile& file, char delimiter);

// Returns the format of such tables with this delimiter.
template <char delimiter>
constexpr AnnotationFormat HeaderTableFormat(const char* name, const char* description) {
  return {name, description,
          [](const AnnotationFile& file) { return HasPlainHeader(file, delimiter); },
          [](const AnnotationRequest& request) { return ReadHeaderTables(request, delimiter); }};
}

}  // namespace reel3d
