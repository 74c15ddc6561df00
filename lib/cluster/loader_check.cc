// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::loader_check {
namespace {

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& needs) {
  if (needs.shards_dir.empty()) {
    return nlohmann::json::object();
  }
  probe.barrier();  // all ranks load at the same time, as in training
  try {
    return {{"clips_per_s", probe.loader_clips_per_s()}};
  } catch (const std::exception& error) {
    return {{"error", error.what()}};
  }
}

Finding Judge(const Observations& ranks, const ClusterNeeds& needs) {
  Finding finding;
  if (needs.shards_dir.empty()) {
    return {Verdict::kNotAsked, "--shards was not given", "", {}, {}};
  }
  if (FindErrors(ranks, &finding)) {
    return finding;
  }
  size_t slowest = 0;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    if (ranks[rank].at("clips_per_s") < ranks[slowest].at("clips_per_s")) {
      slowest = rank;
    }
  }
  const double least = ranks[slowest].at("clips_per_s");
  finding.figures["loader_clips_per_s"] = least;
  finding.text = fmt::format("each rank loads {:.0f} clips/s or more", least);
  if (needs.clips_per_s > 0 && least < needs.clips_per_s) {
    finding.verdict = Verdict::kWarn;
    finding.text =
        fmt::format("{} loads {:.0f} clips/s, {:g} are needed",
                    NameRank(ranks, static_cast<int>(slowest)), least, needs.clips_per_s);
    finding.remedy =
        "give ranks more cores (--cpus-per-task), put shards on faster storage, or pack smaller "
        "frames (prep-videos --height 240)";
  }
  return finding;
}

}  // namespace
}  // namespace reel3d::loader_check

namespace reel3d {

ClusterCheck LoaderCheck() { return {"loader", loader_check::Observe, loader_check::Judge}; }

}  // namespace reel3d
