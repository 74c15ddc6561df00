// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::clock_check {
namespace {

// Clocks may differ by this much: times of files and logs are compared by seconds.
constexpr double kMost_s = 1;

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  const ClockOffset offset = probe.clock_offset();
  return {{"ahead_s", offset.ahead_s}, {"round_trip_s", offset.round_trip_s}};
}

Finding Judge(const Observations& ranks, const ClusterNeeds& /*needs*/) {
  std::vector<int> wrong;
  double most_s = 0;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    const double off_s = std::abs(ranks[rank].at("ahead_s").get<double>());
    most_s = std::max(most_s, off_s);
    if (off_s - ranks[rank].at("round_trip_s").get<double>() / 2 > kMost_s) {
      wrong.push_back(static_cast<int>(rank));
    }
  }
  Finding finding;
  finding.text = fmt::format("clocks agree within {:.3f} s", most_s);
  if (!wrong.empty()) {
    // If all other clocks differ from that of rank 0, the clock of rank 0 is wrong.
    const bool is_main = ranks.size() > 2 && wrong.size() + 1 == ranks.size();
    const double ahead_s = ranks[static_cast<size_t>(wrong.front())].at("ahead_s");
    finding = {
        Verdict::kWarn,
        is_main
            ? fmt::format("the clock of {} is {:.1f} s {} those of the others", NameRank(ranks, 0),
                          std::abs(ahead_s), ahead_s > 0 ? "behind" : "ahead of")
            : fmt::format("the clock of {} is {:.1f} s {} that of rank 0", NameRanks(ranks, wrong),
                          std::abs(ahead_s), ahead_s > 0 ? "ahead of" : "behind"),
        "ask the site to set the clock (chrony, ntp); make and logs compare times of hosts",
        {},
        {}};
  }
  return finding;
}

}  // namespace
}  // namespace reel3d::clock_check

namespace reel3d {

ClusterCheck ClockCheck() { return {"clock", clock_check::Observe, clock_check::Judge}; }

}  // namespace reel3d
