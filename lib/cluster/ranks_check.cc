// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "lib/base/launched_rank.h"
#include "lib/base/plural.h"
#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::ranks_check {
namespace {

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  const std::optional<LaunchedCount> launched = LaunchedTogether();
  return {{"size", probe.size},
          {"started", launched ? launched->processes : 0},
          {"variable", launched ? launched->variable : ""}};
}

Finding Judge(const Observations& ranks, const ClusterNeeds& needs) {
  const int size = ranks.front().at("size");
  const int started = ranks.front().at("started");
  const std::string variable = ranks.front().at("variable");
  Finding finding;
  finding.text = fmt::format("{} on {}", Count(size, "rank"),
                             Count(static_cast<int64_t>(RanksByHost(ranks).size()), "host"));
  const bool is_other = started > 0 && started != size;
  const bool is_unasked = needs.ranks > 0 && needs.ranks != size;
  if (!is_other && !is_unasked) {
    return finding;
  }
  finding.verdict = Verdict::kFail;
  finding.text = is_other ? fmt::format("MPI has {}, but the launcher started {} ({}={})",
                                        Count(size, "rank"), started, variable, started)
                          : fmt::format("MPI has {}, but --ranks asks for {}", Count(size, "rank"),
                                        needs.ranks);
  finding.remedy =
      "the processes do not find each other, so each would do the whole work: `srun --mpi=list` "
      "must name pmix (its library is libpmix); use `srun --mpi=pmix`, or the mpirun of the MPI "
      "that `check-cluster --version` names";
  return finding;
}

}  // namespace
}  // namespace reel3d::ranks_check

namespace reel3d {

ClusterCheck RanksCheck() { return {"ranks", ranks_check::Observe, ranks_check::Judge}; }

}  // namespace reel3d
