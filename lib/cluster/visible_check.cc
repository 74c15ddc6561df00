// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <thread>

#include "lib/base/timer.h"
#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::visible_check {
namespace {

namespace fs = std::filesystem;

constexpr double kPatience_s = 15;

double WaitFor(const ClusterProbe& probe, const fs::path& file) {
  const Stopwatch clock;
  while (!probe.is_there(file) && clock.Seconds() < kPatience_s) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return clock.Seconds();
}

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& needs) {
  if (needs.folder.empty()) {
    return nlohmann::json::object();
  }
  const fs::path file = fs::path(needs.folder) / ".check-cluster-visible";
  std::error_code ignored;
  if (probe.rank == 0) {
    fs::remove(file, ignored);
  }
  probe.barrier();
  // Every rank looks once before the file exists, because a network file system then remembers for
  // a while that the name is absent.
  probe.is_there(file);
  probe.barrier();
  bool is_made = true;
  if (probe.rank == 0) {
    try {
      probe.write_s(file, 1);
    } catch (const std::exception&) {
      is_made = false;  // FolderCheck() reports the reason
    }
  }
  // All ranks learn whether the file was made, so that none waits for it in vain.
  is_made = probe.gather(is_made ? "made" : "").front() == "made";
  const double seconds = is_made ? WaitFor(probe, file) : 0;
  probe.barrier();
  if (probe.rank == 0) {
    fs::remove(file, ignored);
  }
  return {{"is_made", is_made}, {"seconds", seconds}};
}

Finding Judge(const Observations& ranks, const ClusterNeeds& needs) {
  constexpr double kMost_s = 1;
  if (needs.folder.empty()) {
    return {Verdict::kNotAsked, "--folder was not given", "", {}, {}};
  }
  if (!ranks.front().at("is_made").get<bool>()) {
    return {Verdict::kNotAsked, "rank 0 could not make a file in --folder", "", {}, {}};
  }
  double longest_s = 0;
  std::vector<int> late;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    const double seconds = ranks[rank].at("seconds");
    longest_s = std::max(longest_s, seconds);
    if (seconds > kMost_s) {
      late.push_back(static_cast<int>(rank));
    }
  }
  if (longest_s >= kPatience_s) {
    return {Verdict::kFail,
            fmt::format("a new file of rank 0 was not seen within {:.0f} s by {}", kPatience_s,
                        NameRanks(ranks, late)),
            "name a folder that all hosts share: on these hosts it may be another disk",
            {},
            {}};
  }
  if (!late.empty()) {
    return {
        Verdict::kWarn,
        fmt::format("a new file of rank 0 was seen after {:.1f} s by {}", longest_s,
                    NameRanks(ranks, late)),
        "mount the folder with a shorter cache of names (NFS: lookupcache=positive, actimeo=1); "
        "jobs that follow each other at once may miss files",
        {},
        {}};
  }
  return {
      Verdict::kOk, fmt::format("all ranks see a new file after {:.2f} s", longest_s), "", {}, {}};
}

}  // namespace
}  // namespace reel3d::visible_check

namespace reel3d {

ClusterCheck VisibleCheck() { return {"visible", visible_check::Observe, visible_check::Judge}; }

}  // namespace reel3d
