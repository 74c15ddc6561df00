// SPDX-License-Identifier: Apache-2.0
#include "lib/data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "lib/base/error.h"
#include "lib/base/rng.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

std::regex CompileGroupRegex(const std::string& text) {
  try {
    std::regex expression(text, std::regex::ECMAScript);
    if (expression.mark_count() >= 1) {
      return expression;
    }
  } catch (const std::regex_error& error) {
    throw UsageError(fmt::format("group-regex '{}': {}", text, error.what()));
  }
  throw UsageError(fmt::format(
      "group-regex '{}' has no capture group: put the part that names the group in ( )", text));
}

std::optional<std::string> FirstCapture(const std::string& text, const std::regex& expression) {
  std::smatch match;
  if (!std::regex_search(text, match, expression) || !match[1].matched) {
    return std::nullopt;
  }
  return match[1].str();
}

// The file name counts before the path, so that ^ and $ mean what a user expects of them.
std::optional<std::string> GroupOf(const std::string& name, const std::regex& expression) {
  const std::string file_name = name.substr(name.rfind('/') + 1);
  for (const std::string& candidate : {file_name, name}) {
    if (auto group = FirstCapture(candidate, expression)) {
      return group;
    }
  }
  return std::nullopt;
}

using Group = std::string;
using Classes = std::set<std::string>;

// Returns the group of each item. One person's name in two Unicode forms is one group.
std::vector<Group> GroupsOf(const std::vector<SplitItem>& items, const std::string& text) {
  std::vector<Group> groups;
  if (text.empty()) {
    for (const SplitItem& item : items) {
      groups.push_back(item.name);
    }
    return groups;
  }
  const std::regex expression = CompileGroupRegex(text);
  std::vector<std::string> without;
  for (const SplitItem& item : items) {
    const std::optional<Group> group = GroupOf(item.name, expression);
    if (!group) {
      without.push_back(item.name);
    }
    groups.push_back(group.value_or(""));
  }
  if (without.size() == 1) {
    throw InputError(fmt::format("{} does not match group-regex '{}'", without.front(), text));
  }
  if (!without.empty()) {
    throw InputError(fmt::format("{} of {} videos do not match group-regex '{}': {}",
                                 without.size(), items.size(), text, NameSome(without)));
  }
  const std::map<Group, Group> unified = UnifiedForms({groups.begin(), groups.end()});
  for (Group& group : groups) {
    const auto form = unified.find(group);
    group = form == unified.end() ? group : form->second;
  }
  return groups;
}

std::string ListGroups(const std::map<Group, Classes>& groups) {
  std::string list;
  for (const auto& [group, classes] : groups) {
    if (list.size() > 200) {
      return list + ", ...";
    }
    list += (list.empty() ? "" : ", ") + group;
  }
  return list;
}

std::set<Group> NamedGroups(const std::map<Group, Classes>& groups,
                            const std::vector<std::string>& names) {
  std::map<std::string, Group> group_of_form;
  for (const auto& [group, classes] : groups) {
    group_of_form.emplace(ComposedForm(group), group);
  }
  std::set<Group> named;
  for (const std::string& name : names) {
    const auto found = group_of_form.find(ComposedForm(name));
    if (found == group_of_form.end()) {
      throw InputError(fmt::format("validation group '{}' has no labelled video; groups are: {}",
                                   name, ListGroups(groups)));
    }
    named.insert(found->second);
  }
  return named;
}

std::set<Group> DrawnGroups(const std::map<Group, Classes>& groups, const SplitOptions& options) {
  using Ranked = std::pair<uint64_t, Group>;
  std::map<Classes, std::vector<Ranked>> strata;  // the empty set: groups of several classes
  for (const auto& [group, classes] : groups) {
    const uint64_t rank = StableHash(fmt::format("{}\n{}", options.split_seed, group));
    strata[classes.size() == 1 ? classes : Classes{}].emplace_back(rank, group);
  }
  std::set<Group> drawn;
  for (auto& [classes, ranked] : strata) {
    const auto size = static_cast<double>(ranked.size());
    const double most = options.validation_fraction < 1 ? size - 1 : size;
    const auto count =
        static_cast<size_t>(std::min(most, std::round(options.validation_fraction * size)));
    std::sort(ranked.begin(), ranked.end());
    for (size_t i = 0; i < count; ++i) {
      drawn.insert(ranked[i].second);
    }
  }
  return drawn;
}

}  // namespace

void SplitOptions::Bind(OptionBinder& binder) {
  binder.Bind("group-regex", &group_regex,
              "regular expression whose first ( ) matches a video's group (a person, a source "
              "video), in the file name, else in the path below the source. A group is never in "
              "both training and validation. Empty: each video is a group");
  binder.Bind("validation-fraction", &validation_fraction, {0, 1},
              "share of each class's groups (without a group-regex: videos) to hold out, by a "
              "stable hash; 0 puts all in training");
  binder.Bind("validation-groups", &validation_groups,
              "hold out exactly these groups instead of a fraction");
  binder.Bind("split-seed", &split_seed, {0, INT64_MAX},
              "number that selects the held-out groups; another number selects other groups, the "
              "same share");
}

void SplitOptions::Check() const {
  if (!group_regex.empty()) {
    CompileGroupRegex(group_regex);
  } else if (!validation_groups.empty()) {
    throw UsageError("validation-groups needs a group-regex that says what a video's group is");
  }
}

SplitResult SplitVideos(const std::vector<SplitItem>& items, const SplitOptions& options) {
  const std::vector<Group> group_of_item = GroupsOf(items, options.group_regex);
  std::map<Group, Classes> groups;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].label.empty()) {
      groups[group_of_item[i]].insert(items[i].label);
    }
  }
  const std::set<Group> held_out = options.validation_groups.empty()
                                       ? DrawnGroups(groups, options)
                                       : NamedGroups(groups, options.validation_groups);
  SplitResult result;
  result.num_groups = static_cast<int>(groups.size());
  for (size_t i = 0; i < items.size(); ++i) {
    result.subsets.push_back(items[i].label.empty()                  ? Subset::kTesting
                             : held_out.count(group_of_item[i]) != 0 ? Subset::kValidation
                                                                     : Subset::kTraining);
  }
  return result;
}

}  // namespace reel3d
