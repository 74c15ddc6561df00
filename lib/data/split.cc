// SPDX-License-Identifier: Apache-2.0
#include "lib/data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "lib/base/error.h"
#include "lib/base/rng.h"
#include "lib/data/names.h"
#include "lib/data/video_groups.h"

namespace reel3d {
namespace {

using Group = std::string;
using Classes = std::set<std::string>;

std::vector<Group> GroupsOfItems(const std::vector<SplitItem>& items, const std::string& regex) {
  std::vector<std::string> names;
  for (const SplitItem& item : items) {
    names.push_back(item.name);
  }
  // Without a regular expression each video is a group of its own.
  return regex.empty() ? names : GroupsOf(names, regex);
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
  binder.Bind(
      "group-regex", &group_regex,
      "regular expression whose first ( ) matches a video's group, such as a person. It is "
      "searched in the file name and, if it is not there, in the path below SOURCE; a video "
      "without a match is an error. A group is never in both training and validation. Empty: "
      "each video is a group");
  binder.Bind("validation-fraction", &validation_fraction, {0, 1},
              "share of each class's groups (videos, without --group-regex) to hold out for "
              "validation, chosen by a stable hash; 0 puts all in training");
  binder.Bind("validation-groups", &validation_groups,
              "hold out exactly these groups of --group-regex for validation; empty: hold out "
              "--validation-fraction of the groups");
  binder.Bind("split-seed", &split_seed, {0, INT64_MAX},
              "number that selects the held-out groups; another number selects other groups, the "
              "same share");
}

void SplitOptions::Check() const {
  if (!group_regex.empty()) {
    CheckGroupRegex(group_regex);
  } else if (!validation_groups.empty()) {
    throw UsageError("validation-groups needs a group-regex that says what a video's group is");
  }
}

SplitResult SplitVideos(const std::vector<SplitItem>& items, const SplitOptions& options) {
  const std::vector<Group> group_of_item = GroupsOfItems(items, options.group_regex);
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
