// Plain tables with a header, as csv (lib/annotations/header_tables.h).
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/header_tables.h"

namespace reel3d::annotation_formats::csv {

extern const AnnotationFormat kFormat = HeaderTableFormat<','>(
    "csv", "csv with a header: path or id, and label, subset, begin_s, end_s where they are known");

}  // namespace reel3d::annotation_formats::csv
