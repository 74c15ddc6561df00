// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/text.h"

#include <array>
#include <cstdint>

#include "lib/data/tsv.h"

namespace reel3d::report {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

struct Character {
  std::string_view bytes;  // empty: the text has ended
  uint32_t code = 0;       // 0 also for bytes that are no character
};

// Returns the character at the start of `rest`. A byte that is not part of UTF-8 counts as one
// character.
Character Next(std::string_view rest) {
  for (size_t size = 1; size <= 4 && size <= rest.size(); ++size) {
    const std::string_view bytes = rest.substr(0, size);
    if (IsUtf8(bytes)) {
      constexpr std::array<uint32_t, 5> kLeadBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
      uint32_t code = static_cast<unsigned char>(bytes[0]) & kLeadBits[size];
      for (size_t i = 1; i < size; ++i) {
        code = code << 6 | (static_cast<unsigned char>(bytes[i]) & 0x3FU);
      }
      return {bytes, code};
    }
  }
  return {rest.substr(0, 1), 0};
}

// Returns the columns that a character takes: an estimate for the scripts that are wide.
int ColumnsOf(uint32_t code) {
  const bool is_wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                       (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                       (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                       (code >= 0x1F300 && code <= 0x1FAFF) || (code >= 0x20000 && code <= 0x3FFFD);
  return is_wide ? 2 : 1;
}

// Characters that turn the direction of all text after them count too: they would also turn what
// follows a name. Letters that are read from right to left do not need them.
bool IsControl(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string EscapeMarkup(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (size_t begin = 0; begin < text.size();) {
    const Character character = Next(text.substr(begin));
    begin += character.bytes.size();
    switch (character.code) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += IsControl(character.code) ? kReplacement : character.bytes;
    }
  }
  return escaped;
}

std::string IsolatedHtml(std::string_view text) { return "<bdi>" + EscapeMarkup(text) + "</bdi>"; }

std::string IsolatedSvg(std::string_view text) {
  return "\xE2\x81\xA8" + EscapeMarkup(text) + "\xE2\x81\xA9";
}

int WidthOf(std::string_view text) {
  int columns = 0;
  for (size_t begin = 0; begin < text.size();) {
    const Character character = Next(text.substr(begin));
    columns += ColumnsOf(character.code);
    begin += character.bytes.size();
  }
  return columns;
}

std::string Shortened(std::string_view text, int most) {
  if (WidthOf(text) <= most) {
    return std::string(text);
  }
  int columns = 0;
  size_t end = 0;
  while (end < text.size()) {
    const Character character = Next(text.substr(end));
    columns += ColumnsOf(character.code);
    if (columns > most - 1) {
      break;
    }
    end += character.bytes.size();
  }
  return std::string(text.substr(0, end)) + "\xE2\x80\xA6";
}

}  // namespace reel3d::report
