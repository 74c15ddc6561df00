// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lib/cluster/checks.h"
#include "lib/cluster/host_ports.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::all_reduce_check {
namespace {

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& needs) {
  constexpr int kTimes = 4;  // the first one also connects the ranks
  double least_s = 1e30;
  for (int time = 0; time < kTimes; ++time) {
    probe.barrier();
    least_s = std::min(least_s, probe.all_reduce_s(needs.gradient_floats));
  }
  const HostPort port = FastestPort(probe.root);
  return {{"seconds", least_s},
          {"transport", probe.transport},
          {"uses_nccl", probe.uses_nccl},
          {"port", port.name},
          {"gbit_per_s", port.gbit_per_s}};
}

// Returns the rank whose host has the slowest port: in a ring it holds all others up. Returns
// nothing if all ranks are on one host, or some host does not say how fast its ports are.
std::optional<size_t> RankOfSlowestPort(const Observations& ranks) {
  size_t slowest = 0;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    if (ranks[rank].at("gbit_per_s") < ranks[slowest].at("gbit_per_s")) {
      slowest = rank;
    }
  }
  const bool is_known = ranks[slowest].at("gbit_per_s").get<double>() > 0;
  return is_known && RanksByHost(ranks).size() > 1 ? std::optional(slowest) : std::nullopt;
}

// Compares the rate with that of the slowest host's fastest port.
void CompareWithPort(const Observations& ranks, double rate_gb_per_s, double bytes,
                     Finding* finding) {
  // MPI over TCP uses one connection, and adds up on one core. So much less than NCCL's share is
  // usual there, and no port lets one core add up more than about a GB/s.
  constexpr double kLeastOfNccl = 0.3, kLeastOfMpi = 0.1;
  constexpr double kEnoughOfMpi = 1;  // GB/s
  // Smaller gradients measure how long messages take, not how many bytes go through.
  constexpr double kLeastBytes = 1e7;
  const std::optional<size_t> slowest = RankOfSlowestPort(ranks);
  if (!slowest) {
    return;
  }
  const nlohmann::json& rank = ranks[*slowest];
  const double gbit = rank.at("gbit_per_s");
  const double share = 8 * rate_gb_per_s / gbit;
  finding->text +=
      fmt::format(", {:.0f} % of the {:g} Gbit/s of {} on {}", 100 * share, gbit,
                  rank.at("port").get<std::string>(), rank.at("host").get<std::string>());
  const bool uses_nccl = ranks.front().at("uses_nccl").get<bool>();
  const double least = uses_nccl ? kLeastOfNccl : kLeastOfMpi;
  const bool is_enough = !uses_nccl && rate_gb_per_s >= kEnoughOfMpi;
  if (share < least && !is_enough && bytes >= kLeastBytes) {
    finding->verdict = Verdict::kWarn;
    finding->remedy = fmt::format(
        "look at the rows transport and slow-pair: at least {:.0f} % are usual. Other jobs on "
        "these hosts also use the port, so try again",
        100 * least);
  }
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
  CompareWithPort(ranks, rate, bytes, &finding);
  return finding;
}

}  // namespace
}  // namespace reel3d::all_reduce_check

namespace reel3d {

ClusterCheck AllReduceCheck() {
  return {"all-reduce", all_reduce_check::Observe, all_reduce_check::Judge};
}

}  // namespace reel3d
