// SPDX-License-Identifier: Apache-2.0
#include "lib/data/names.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "lib/base/error.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace {

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string Mapped(std::string_view text, int options) {
  utf8proc_uint8_t* bytes = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &bytes,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | options));
  if (size < 0) {
    REEL3D_CHECK(size == UTF8PROC_ERROR_INVALIDUTF8);
    return std::string(text);
  }
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(bytes, &std::free);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(size)};
}

// Turns runs of spaces, _ and - into one _, and removes those at the ends.
std::string WithPlainGaps(std::string_view text) {
  std::string plain;
  bool gap = false;
  for (const char c : text) {
    if (c == ' ' || c == '_' || c == '-') {
      gap = !plain.empty();
      continue;
    }
    if (gap) {
      plain += '_';
    }
    gap = false;
    plain += c;
  }
  return plain;
}

// Returns how many bytes from `begin` on are one UTF-8 character; 0: they are not a character.
size_t CharacterSize(std::string_view text, size_t begin) {
  for (size_t size = 1; size <= 4 && begin + size <= text.size(); ++size) {
    if (IsUtf8(text.substr(begin, size))) {
      return size;
    }
  }
  return 0;
}

bool IsVisible(utf8proc_int32_t code) {
  const bool is_mark = code == 0xAD || code == 0x061C || code == 0x180E || code == 0xFEFF;
  const bool is_space_or_direction = code == 0x200B || code == 0x200E || code == 0x200F ||
                                     (code >= 0x2028 && code <= 0x202E) ||
                                     (code >= 0x2060 && code <= 0x206F);
  return !is_mark && !is_space_or_direction;
}

std::string EscapedCharacter(std::string_view character) {
  if (character.size() == 1) {
    const char c = character.front();
    if (c == '\t' || c == '\n' || c == '\r') {
      return c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r";
    }
    return FieldFault(character).empty() ? std::string(1, c)
                                         : fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
  }
  utf8proc_int32_t code = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(character.data()),
                   static_cast<utf8proc_ssize_t>(character.size()), &code);
  return FieldFault(character).empty() && IsVisible(code) ? std::string(character)
                                                          : fmt::format("\\u{:04X}", code);
}

}  // namespace

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (size_t i = 0; i < text.size();) {
    const size_t size = CharacterSize(text, i);
    const std::string_view character = text.substr(i, std::max<size_t>(size, 1));
    escaped += EscapedCharacter(character);
    i += character.size();
  }
  return escaped;
}

std::string NameSome(const std::vector<std::string>& names, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(most, names.size()); ++i) {
    text += (i == 0 ? "" : ", ") + Escaped(names[i]);
  }
  return names.size() > most ? fmt::format("{} and {} more", text, names.size() - most) : text;
}

std::string ComposedForm(std::string_view text) {
  return IsAscii(text) ? std::string(text) : Mapped(text, 0);
}

std::map<std::string, std::string> UnifiedForms(const std::set<std::string>& names) {
  std::map<std::string, std::vector<std::string>> forms;
  for (const std::string& name : names) {
    if (!IsAscii(name)) {
      forms[ComposedForm(name)].push_back(name);
    }
  }
  std::map<std::string, std::string> unified;
  for (const auto& [composed, written] : forms) {
    for (const std::string& name : written) {
      if (written.size() > 1) {
        unified.emplace(name, composed);
      }
    }
  }
  return unified;
}

std::vector<std::vector<std::string>> LookAlikes(const std::set<std::string>& names) {
  std::map<std::string, std::vector<std::string>> groups;
  for (const std::string& name : names) {
    const int options = UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    groups[WithPlainGaps(Mapped(name, options))].push_back(name);
  }
  std::vector<std::vector<std::string>> alike;
  for (auto& [key, group] : groups) {
    if (group.size() > 1) {
      alike.push_back(std::move(group));
    }
  }
  return alike;
}

}  // namespace reel3d
