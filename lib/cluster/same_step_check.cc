// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "lib/base/plural.h"
#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::same_step_check {
namespace {

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  try {
    const uint32_t first = probe.step_checksum();
    return {{"processor", probe.processor}, {"first", first}, {"again", probe.step_checksum()}};
  } catch (const std::exception& error) {
    return {{"error", std::string("the step failed: ") + error.what()}};
  }
}

// Returns those of `members`, the ranks with one type of processor, whose gradients differ from
// those of the majority. If there is no majority, returns all of them.
std::vector<int> OddOnes(const Observations& ranks, const std::vector<int>& members) {
  std::map<uint32_t, size_t> votes;
  for (const int rank : members) {
    ++votes[ranks[static_cast<size_t>(rank)].at("first").get<uint32_t>()];
  }
  const auto most = std::max_element(
      votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<int> odd;
  for (const int rank : members) {
    const uint32_t sum = ranks[static_cast<size_t>(rank)].at("first");
    if (votes.size() > 1 && (2 * most->second <= members.size() || sum != most->first)) {
      odd.push_back(rank);
    }
  }
  return odd;
}

Finding Judge(const Observations& ranks, const ClusterNeeds& /*needs*/) {
  Finding finding;
  if (FindErrors(ranks, &finding)) {
    return finding;
  }
  const auto groups =
      RanksBy(ranks, [](const nlohmann::json& rank) { return rank.at("processor"); });
  std::vector<int> unsteady;
  std::vector<int> odd;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    if (ranks[rank].at("first") != ranks[rank].at("again")) {
      unsteady.push_back(static_cast<int>(rank));
    }
  }
  for (const auto& [processor, members] : groups) {
    const std::vector<int> more = OddOnes(ranks, members);
    odd.insert(odd.end(), more.begin(), more.end());
  }
  const std::vector<int>& named = unsteady.empty() ? odd : unsteady;
  if (!named.empty()) {
    finding.verdict = Verdict::kFail;
    finding.text = fmt::format("{} computed other gradients than {}", NameRanks(ranks, named),
                               unsteady.empty() ? "the ranks with the same processor"
                                                : "the first time, from the same step");
    finding.remedy = fmt::format(
        "the processor, GPU or memory is broken, or a library is another one: {}, and tell the "
        "site",
        ExcludeOption(ranks, named));
    return finding;
  }
  finding.text = fmt::format(
      "gradients of one step are the same bits on the ranks of each of {}",
      Count(static_cast<int64_t>(groups.size()), "type of processor", "types of processors"));
  return finding;
}

}  // namespace
}  // namespace reel3d::same_step_check

namespace reel3d {

ClusterCheck SameStepCheck() {
  return {"same-step", same_step_check::Observe, same_step_check::Judge};
}

}  // namespace reel3d
