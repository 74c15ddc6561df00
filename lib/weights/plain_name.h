// Checks names in files of weights that others wrote.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace reel3d {

constexpr size_t kMaxNameBytes = 300;  // of a tensor, a class, a storage

// Returns true for names that a terminal and JSON can show, as all usual weights have them:
// printable ASCII of at most kMaxNameBytes.
inline bool IsPlainName(std::string_view text) {
  return text.size() <= kMaxNameBytes && std::all_of(text.begin(), text.end(), [](char byte) {
           return byte >= ' ' && byte <= '~';
         });
}

}  // namespace reel3d
