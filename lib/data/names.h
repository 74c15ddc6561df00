// Lists names in messages, and compares names that look the same but have different bytes. "é" is
// one character (the composed form, NFC) or an e and an accent (NFD, as Apple's older file systems
// store names): both look the same and are different bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/visible_text.h"

namespace reel3d {

// Returns "a, b, c and 12 more": the first `most` of `names`, Escaped().
std::string NameSome(const std::vector<std::string>& names, size_t most = 8);

// Returns the composed form (NFC, Unicode Standard Annex 15). Bytes that are not UTF-8 stay as they
// are.
std::string ComposedForm(std::string_view text);

// Finds the names that `names` holds in several Unicode forms, and returns the composed form of
// each. A name with one form only is not in the result: it stays as it is written.
std::map<std::string, std::string> UnifiedForms(const std::set<std::string>& names);

// Returns groups of names that differ only in capitals, in spaces, _ and -, or in characters that
// Unicode calls compatible (such as full-width letters).
std::vector<std::vector<std::string>> LookAlikes(const std::set<std::string>& names);

}  // namespace reel3d
