// Declares the text of configs/published_results.tsv, which lib/report/CMakeLists.txt turns into a
// source.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d::report {

extern const char* const kPublishedText;

}  // namespace reel3d::report
