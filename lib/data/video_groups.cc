// SPDX-License-Identifier: Apache-2.0
#include "lib/data/video_groups.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <regex>

#include "lib/base/error.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

// The matcher of libstdc++ that needs no time or stack beyond the text's length: its other one
// backtracks, and can take years or overflow the stack for a few letters.
constexpr auto kSyntax = std::regex::ECMAScript | std::regex_constants::__polynomial;

[[noreturn]] void Refuse(const std::string& text, const std::regex_error& error) {
  throw UsageError(fmt::format("--group-regex '{}': {}{}", text, error.what(),
                               error.code() == std::regex_constants::error_complexity
                                   ? "; it may not refer back to a group, as \\1 does"
                                   : ""));
}

std::regex CompileGroupRegex(const std::string& text) {
  try {
    std::regex expression(text, kSyntax);
    if (expression.mark_count() >= 1) {
      return expression;
    }
  } catch (const std::regex_error& error) {
    Refuse(text, error);
  }
  throw UsageError(fmt::format(
      "--group-regex '{}' has no capture group: put the part that names the group in ( )", text));
}

std::optional<std::string> FirstCapture(const std::string& text, const std::regex& expression) {
  std::smatch match;
  if (!std::regex_search(text, match, expression) || !match[1].matched) {
    return std::nullopt;
  }
  return match[1].str();
}

// Searches the file name before the path, so that ^ and $ match its ends, as users expect.
std::optional<std::string> GroupOf(const std::string& name, const std::regex& expression) {
  const std::string file_name = name.substr(name.rfind('/') + 1);
  for (const std::string& candidate : {file_name, name}) {
    if (auto group = FirstCapture(candidate, expression)) {
      return group;
    }
  }
  return std::nullopt;
}

}  // namespace

void CheckGroupRegex(const std::string& group_regex) { CompileGroupRegex(group_regex); }

std::vector<std::string> GroupsOf(const std::vector<std::string>& names,
                                  const std::string& group_regex) {
  const std::regex expression = CompileGroupRegex(group_regex);
  std::vector<std::string> groups;
  std::vector<std::string> without;
  for (const std::string& name : names) {
    const std::optional<std::string> group = GroupOf(name, expression);
    if (!group) {
      without.push_back(name);
    }
    groups.push_back(group.value_or(""));
  }
  if (without.size() == 1) {
    throw InputError(
        fmt::format("{} does not match --group-regex '{}'", without.front(), group_regex));
  }
  if (!without.empty()) {
    throw InputError(fmt::format("{} of {} videos do not match --group-regex '{}': {}",
                                 without.size(), names.size(), group_regex, NameSome(without)));
  }
  const std::map<std::string, std::string> unified = UnifiedForms({groups.begin(), groups.end()});
  for (std::string& group : groups) {
    const auto form = unified.find(group);
    group = form == unified.end() ? group : form->second;
  }
  return groups;
}

}  // namespace reel3d
