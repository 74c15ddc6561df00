// SPDX-License-Identifier: Apache-2.0
#include "lib/data/names.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "lib/base/error.h"

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

}  // namespace

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
