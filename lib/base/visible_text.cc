// SPDX-License-Identifier: Apache-2.0
#include "lib/base/visible_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace reel3d {
namespace {

// Returns how many bytes follow the byte `lead`, or -1 if no character begins with it. Sets `least`
// to the least code point that needs so many bytes.
int FollowingBytes(unsigned char lead, uint32_t* least) {
  if (lead < 0x80) {
    *least = 0;
    return 0;
  }
  if (lead >= 0xC2 && lead <= 0xDF) {
    *least = 0x80;
    return 1;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    *least = 0x800;
    return 2;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    *least = 0x10000;
    return 3;
  }
  return -1;
}

bool IsControl(uint32_t code) { return code < 0x20 || (code >= 0x7F && code <= 0x9F); }

bool IsVisible(uint32_t code) {
  const bool is_mark = code == 0xAD || code == 0x061C || code == 0x180E || code == 0xFEFF;
  const bool is_space_or_direction = code == 0x200B || code == 0x200E || code == 0x200F ||
                                     (code >= 0x2028 && code <= 0x202E) ||
                                     (code >= 0x2060 && code <= 0x206F);
  return !IsControl(code) && !is_mark && !is_space_or_direction;
}

std::string EscapedCharacter(uint32_t code) {
  if (code == '\t' || code == '\n' || code == '\r') {
    return code == '\t' ? "\\t" : code == '\n' ? "\\n" : "\\r";
  }
  return code < 0x80 ? fmt::format("\\x{:02X}", code) : fmt::format("\\u{:04X}", code);
}

std::string Escape(std::string_view text, std::string_view kept) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    uint32_t code = 0;
    const size_t size = DecodeUtf8(text, &code);
    if (size == 0) {
      escaped += fmt::format("\\x{:02X}", static_cast<unsigned char>(text.front()));
    } else if (IsVisible(code) || kept.find(text.front()) != std::string_view::npos) {
      escaped += text.substr(0, size);
    } else {
      escaped += EscapedCharacter(code);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return escaped;
}

}  // namespace

size_t DecodeUtf8(std::string_view text, uint32_t* code) {
  if (text.empty()) {
    return 0;
  }
  uint32_t least = 0;
  const auto lead = static_cast<unsigned char>(text.front());
  const int following = FollowingBytes(lead, &least);
  if (following < 0 || static_cast<size_t>(following) >= text.size()) {
    return 0;
  }
  *code = following == 0 ? lead : lead & (0x3FU >> following);
  for (size_t i = 1; i <= static_cast<size_t>(following); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) {
      return 0;
    }
    *code = *code << 6 | (byte & 0x3FU);
  }
  const bool is_surrogate = *code >= 0xD800 && *code <= 0xDFFF;
  return *code < least || *code > 0x10FFFF || is_surrogate ? 0 : static_cast<size_t>(following) + 1;
}

bool IsUtf8(std::string_view text) {
  uint32_t code = 0;
  while (!text.empty()) {
    const size_t size = DecodeUtf8(text, &code);
    if (size == 0) {
      return false;
    }
    text.remove_prefix(size);
  }
  return true;
}

std::string Escaped(std::string_view text) { return Escape(text, ""); }

std::string EscapedLines(std::string_view text) { return Escape(text, "\t\n"); }

}  // namespace reel3d
