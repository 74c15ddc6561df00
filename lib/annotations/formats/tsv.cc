// Plain tables with a header, as tsv (lib/annotations/header_tables.h).
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/header_tables.h"

namespace reel3d::annotation_formats {
namespace {

constexpr char kDelimiter = '\t';

bool Recognises(const AnnotationFile& file) { return HasPlainHeader(file, kDelimiter); }

AnnotationSet Read(const AnnotationRequest& request) {
  return ReadHeaderTables(request, kDelimiter);
}

}  // namespace

extern const AnnotationFormat tsv = {
    "tsv", "tsv with a header: path or id, and label, subset, begin_s, end_s where they are known",
    Recognises, Read};

}  // namespace reel3d::annotation_formats
