// Holds what the reader and the writer of zip archives share (PKWARE's APPNOTE.TXT, section 4.3.7).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace reel3d {

// Size of a local file header without its name and extra fields.
constexpr uint64_t kZipLocalHeaderBytes = 30;

}  // namespace reel3d
