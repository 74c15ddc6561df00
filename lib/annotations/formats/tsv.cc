// Plain tables with a header, as tsv (lib/annotations/header_tables.h).
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/header_tables.h"

namespace reel3d::annotation_formats::tsv {

extern const AnnotationFormat kFormat = HeaderTableFormat<'\t'>(
    "tsv", "tsv with a header: path or id, and label, subset, begin_s, end_s where they are known");

}  // namespace reel3d::annotation_formats::tsv
