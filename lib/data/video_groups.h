// Finds the groups of videos (a person, a source video) by a regular expression over their names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace reel3d {

// Throws a usage error unless `group_regex` is a regular expression (ECMAScript) with a capture.
void CheckGroupRegex(const std::string& group_regex);

// Returns the group of each name: the first capture, searched in the part after the last slash,
// then in the whole name. One group in two Unicode forms is one group. Throws an input error that
// lists the names that do not match.
std::vector<std::string> GroupsOf(const std::vector<std::string>& names,
                                  const std::string& group_regex);

}  // namespace reel3d
