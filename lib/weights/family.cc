// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/family.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lib/base/error.h"
#include "lib/weights/family_list.h"

namespace reel3d {
namespace {

template <class... Tags>
std::vector<Family> Rows(TypeList<Tags...> /*list*/) {
  return {RowOf<Tags>()...};
}

// Returns a text such as "a, b and c".
std::string Enumerate(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return text;
}

void AddOnce(const std::string& name, std::vector<std::string>* names) {
  if (std::count(names->begin(), names->end(), name) == 0) {
    names->push_back(name);
  }
}

}  // namespace

const std::vector<Family>& Families() {
  static const std::vector<Family> families = Rows(family::List());
  return families;
}

std::vector<std::string> FamilyNames() {
  std::vector<std::string> names;
  for (const Family& family : Families()) {
    names.push_back(family.name);
  }
  return names;
}

const Family& FamilyOf(const std::string& model) {
  for (const Family& family : Families()) {
    if (family.name == model) {
      return family;
    }
  }
  throw UsageError(
      fmt::format("--model {}: must be one of {}", model, fmt::join(FamilyNames(), ", ")));
}

std::string NamesOfFamilies(bool (*is_meant)(const Family& family)) {
  std::vector<std::string> names;
  for (const Family& family : Families()) {
    if (is_meant(family)) {
      names.push_back(family.name);
    }
  }
  return Enumerate(names);
}

std::string DepthsOfFamilies() {
  std::vector<std::pair<std::vector<int>, std::vector<std::string>>> groups;
  for (const Family& family : Families()) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& known) {
      return known.first == family.depths;
    });
    if (!family.depths.empty() && group == groups.end()) {
      groups.push_back({family.depths, {family.name}});
    } else if (!family.depths.empty()) {
      group->second.push_back(family.name);
    }
  }
  std::vector<std::string> parts;
  for (const auto& [depths, names] : groups) {
    parts.push_back(fmt::format("{} for {}", fmt::join(depths, ", "), Enumerate(names)));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string PublishedValues(int64_t Family::*value) {
  const int64_t usual = Families().front().*value;
  std::string text = fmt::format("{}", usual);
  for (const Family& family : Families()) {
    if (family.*value != usual) {
      text += fmt::format("; {} {}", family.name, family.*value);
    }
  }
  return text;
}

std::string PublishedRecipes() {
  std::vector<std::string> recipes;
  for (const Family& family : Families()) {
    for (const std::string& recipe : family.recipes) {
      AddOnce(recipe, &recipes);
    }
  }
  return fmt::format("{}", fmt::join(recipes, ", "));
}

}  // namespace reel3d
