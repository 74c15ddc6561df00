// SPDX-License-Identifier: Apache-2.0
#include "lib/base/text_lines.h"

#include <algorithm>

#include "lib/base/error.h"

namespace reel3d {

std::string_view WithoutByteOrderMark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  while (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return text;
}

void RequireNotUtf16(std::string_view text, const std::string& source) {
  const std::string_view mark = text.substr(0, 2);
  if (mark == "\xFF\xFE" || mark == "\xFE\xFF") {
    throw InputError(source + ": is UTF-16 text; save it as UTF-8");
  }
}

TextLines::TextLines(std::string_view text, const std::string& source)
    : rest_(WithoutByteOrderMark(text)) {
  RequireNotUtf16(text, source);
}

bool TextLines::Next(std::string_view* line) {
  ++number_;
  if (rest_.empty()) {
    return false;
  }
  const size_t end = std::min(rest_.find('\n'), rest_.size());
  *line = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  if (!line->empty() && line->back() == '\r') {
    line->remove_suffix(1);
  }
  return true;
}

}  // namespace reel3d
