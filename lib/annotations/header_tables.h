// Reads plain tables whose header names the columns.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/annotations/annotation_format.h"

namespace reel3d {

// The columns may be in any order and any case; other columns are ignored:
//   path, file, filename, video_path or video   a path
//   id or video_id                              an id; used if the first table has no path
//   label, class or action                      may be absent or empty
//   subset or split                             if absent or empty, the file's name gives it
//   begin_s, begin, start or time_start         seconds; may be absent or empty
//   end_s, end or time_end
AnnotationSet ReadHeaderTables(const AnnotationRequest& request, char delimiter);

// Returns whether the first line is such a header, and not the header of a published data set.
bool HasPlainHeader(const AnnotationFile& file, char delimiter);

// Returns the format of such tables with this delimiter.
template <char delimiter>
constexpr AnnotationFormat HeaderTableFormat(const char* name, const char* description) {
  return {name, description,
          [](const AnnotationFile& file) { return HasPlainHeader(file, delimiter); },
          [](const AnnotationRequest& request) { return ReadHeaderTables(request, delimiter); }};
}

}  // namespace reel3d
