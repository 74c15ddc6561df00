// Declares options that take one of a few words. Each is an enum with a function beside it:
//
//   inline std::vector<NamedChoice<Side>> ChoicesOf(Side /*type*/) {
//     return {{Side::kLeft, "left", "where the door is"}, {Side::kRight, "right", ""}};
//   }
//
// Options, --help, messages and files of settings all use this list. To add a choice, add an
// enumerator and a row.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.h"

namespace reel3d {

template <class Enum>
struct NamedChoice {
  Enum value;
  const char* name;  // what the user writes
  const char* help;  // what the choice does; "" if the help of the option says it
};

template <class Enum>
std::vector<std::string> ChoiceNames() {
  std::vector<std::string> names;
  for (const NamedChoice<Enum>& choice : ChoicesOf(Enum())) {
    names.emplace_back(choice.name);
  }
  return names;
}

// Returns the choice of this name; nothing if there is none.
template <class Enum>
std::optional<Enum> FindChoice(const std::string& name) {
  for (const NamedChoice<Enum>& choice : ChoicesOf(Enum())) {
    if (choice.name == name) {
      return choice.value;
    }
  }
  return std::nullopt;
}

template <class Enum>
const char* NameOf(Enum value) {
  for (const NamedChoice<Enum>& choice : ChoicesOf(value)) {
    if (choice.value == value) {
      return choice.name;
    }
  }
  throw Error(ErrorKind::kInternal, "a choice has no name");
}

// Returns `help` with the name and the help of each choice, such as "part of the frame to show.
// left: the left half. right: the right half".
template <class Enum>
std::string HelpWithChoices(std::string help) {
  for (const NamedChoice<Enum>& choice : ChoicesOf(Enum())) {
    if (*choice.help != '\0') {
      help += std::string(". ") + choice.name + ": " + choice.help;
    }
  }
  return help;
}

}  // namespace reel3d
