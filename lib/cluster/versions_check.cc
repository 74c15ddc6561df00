// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <sstream>

#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::versions_check {
namespace {

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  utsname system{};
  uname(&system);
  return {{"versions", probe.versions}, {"kernel", std::string(system.release)}};
}

// Returns the first line of `a` that `b` does not have. If `a` has no such line, it lacks one of
// `b`.
std::string FirstOther(const std::string& a, const std::string& b) {
  std::istringstream lines(a);
  for (std::string line; std::getline(lines, line);) {
    if (("\n" + b).find("\n" + line + "\n") == std::string::npos) {
      return line;
    }
  }
  return "a library is missing";
}

using Groups = std::map<std::string, std::vector<int>>;

Groups::const_iterator Largest(const Groups& groups) {
  return std::max_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
}

std::vector<int> Others(const Groups& groups, const std::string& usual) {
  std::vector<int> ranks;
  for (const auto& [value, members] : groups) {
    if (value != usual) {
      ranks.insert(ranks.end(), members.begin(), members.end());
    }
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

Finding Judge(const Observations& ranks, const ClusterNeeds& /*needs*/) {
  const Groups versions =
      RanksBy(ranks, [](const nlohmann::json& rank) { return rank.at("versions"); });
  const Groups kernels =
      RanksBy(ranks, [](const nlohmann::json& rank) { return rank.at("kernel"); });
  Finding finding;
  finding.text = fmt::format("program, libraries and kernel ({}) are the same on all ranks",
                             kernels.begin()->first);
  if (kernels.size() > 1) {
    const std::string& usual = Largest(kernels)->first;
    const std::vector<int> odd = Others(kernels, usual);
    finding = {
        Verdict::kWarn,
        fmt::format("{}: kernel {}, the others have {}", NameRanks(ranks, odd),
                    ranks[static_cast<size_t>(odd.front())].at("kernel").get<std::string>(), usual),
        "ask the site whether these hosts were updated",
        {},
        {}};
  }
  if (versions.size() > 1) {
    const std::string& usual = Largest(versions)->first;
    const std::vector<int> odd = Others(versions, usual);
    const std::string other = ranks[static_cast<size_t>(odd.front())].at("versions");
    finding = {Verdict::kFail,
               fmt::format("{}: {}; the others have {}", NameRanks(ranks, odd),
                           FirstOther(other, usual), FirstOther(usual, other)),
               fmt::format("start the same program with the same modules on every host, or {}",
                           ExcludeOption(ranks, odd)),
               {},
               {}};
  }
  return finding;
}

}  // namespace
}  // namespace reel3d::versions_check

namespace reel3d {

ClusterCheck VersionsCheck() {
  return {"versions", versions_check::Observe, versions_check::Judge};
}

}  // namespace reel3d
