// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/cluster/checks.h"

namespace reel3d {
namespace {

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& needs) {
  constexpr int kTimes = 4;  // the first one also connects the ranks
  double least_s = 1e30;
  for (int time = 0; time < kTimes; ++time) {
    probe.barrier();
    least_s = std::min(least_s, probe.all_reduce_s(needs.gradient_floats));
  }
  return {{"seconds", least_s}, {"transport", probe.transport}};
}

Finding Judge(const Observations& ranks, const ClusterNeeds& needs) {
  Finding finding;
  if (ranks.size() == 1) {
    finding.text = "one rank has nothing to reduce";
    return finding;
  }
  double slowest_s = 0;
  for (const nlohmann::json& rank : ranks) {
    slowest_s = std::max(slowest_s, rank.at("seconds").get<double>());
  }
  const auto num_ranks = static_cast<double>(ranks.size());
  const double bytes = 4 * static_cast<double>(needs.gradient_floats);
  // Rate over each link of a ring, as nccl-tests' "busbw".
  const double rate = 2 * (num_ranks - 1) / num_ranks * bytes / slowest_s / 1e9;
  finding.figures["all_reduce_gb_per_s"] = rate;
  finding.text =
      fmt::format("gradients of {:.0f} MB in {:.3f} s: {:.2f} GB/s over each link, by {}",
                  bytes / 1e6, slowest_s, rate, ranks.front().at("transport").get<std::string>());
  return finding;
}

}  // namespace

ClusterCheck AllReduceCheck() { return {"all-reduce", Observe, Judge}; }

}  // namespace reel3d
