// Checks names in files of weights that others wrote.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace reel3d {

constexpr size_t kMaxNameBytes = 300;  // of a tensor, a class, a storage

// Returns true if a terminal and JSON can show the name: at most kMaxNameBytes of printable ASCII.
// The names in usual weights all are.
inline bool IsPlainName(std::string_view text) {
  return text.size() <= kMaxNameBytes && std::all_of(text.begin(), text.end(), [](char byte) {
           return byte >= ' ' && byte <= '~';
         });
}

}  // namespace reel3d
