// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/rank_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace reel3d {
namespace {

std::string HostOf(const Observations& ranks, int rank) {
  return ranks[static_cast<size_t>(rank)].at("host").get<std::string>();
}

}  // namespace

std::map<std::string, std::vector<int>> RanksBy(
    const Observations& ranks, const std::function<std::string(const nlohmann::json&)>& key) {
  std::map<std::string, std::vector<int>> groups;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    groups[key(ranks[rank])].push_back(static_cast<int>(rank));
  }
  return groups;
}

std::map<std::string, std::vector<int>> RanksByHost(const Observations& ranks) {
  return RanksBy(ranks, [](const nlohmann::json& rank) { return rank.at("host"); });
}

std::string NameRank(const Observations& ranks, int rank) {
  return fmt::format("rank {} ({})", rank, HostOf(ranks, rank));
}

std::string NameRanks(const Observations& ranks, const std::vector<int>& which) {
  constexpr size_t kShown = 8;
  if (which.size() == 1) {
    return NameRank(ranks, which.front());
  }
  std::string text = "ranks ";
  for (size_t i = 0; i < std::min(kShown, which.size()); ++i) {
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", which[i], HostOf(ranks, which[i]));
  }
  if (which.size() > kShown) {
    text += fmt::format(" and {} more", which.size() - kShown);
  }
  return text;
}

std::string ExcludeOption(const Observations& ranks, const std::vector<int>& which) {
  std::set<std::string> hosts;
  for (const int rank : which) {
    hosts.insert(HostOf(ranks, rank));
  }
  return fmt::format("--exclude={}", fmt::join(hosts, ","));
}

bool FindErrors(const Observations& ranks, Finding* finding) {
  std::vector<int> failed;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    if (ranks[rank].contains("error")) {
      failed.push_back(static_cast<int>(rank));
    }
  }
  if (failed.empty()) {
    return false;
  }
  const nlohmann::json& first = ranks[static_cast<size_t>(failed.front())];
  finding->verdict = Verdict::kFail;
  finding->text =
      fmt::format("{}: {}", NameRanks(ranks, failed), first.at("error").get<std::string>());
  finding->remedy =
      fmt::format("mend this on the host, or leave the host out: {}", ExcludeOption(ranks, failed));
  return true;
}

}  // namespace reel3d
