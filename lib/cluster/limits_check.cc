// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/resource.h>

#include "lib/base/host.h"
#include "lib/base/plural.h"
#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::limits_check {
namespace {

constexpr double kMega = 1e6;
// Open files of a rank besides its sockets to the other ranks: shards, the log and libraries.
constexpr int64_t kOwnFiles = 512;
// Shared memory of Open MPI for a rank and its messages; NCCL needs less.
constexpr int64_t kSharedBytes = 32'000'000;

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const auto limit =
      files.rlim_cur == RLIM_INFINITY ? INT64_MAX : static_cast<int64_t>(files.rlim_cur);
  return {{"files", limit},
          {"memory", AvailableMemoryBytes(probe.root)},
          {"shared", probe.shared_memory_bytes()}};
}

void Warn(const std::string& text, const std::string& remedy, Finding* finding) {
  if (finding->verdict == Verdict::kOk) {
    *finding = {Verdict::kWarn, text, remedy, {}, {}};
  } else {
    finding->details.push_back(text + ": " + remedy);
  }
}

void JudgeHost(const std::string& host, const nlohmann::json& seen, int64_t num_here,
               int64_t num_ranks, const ClusterNeeds& needs, Finding* finding) {
  const int64_t files = seen.at("files");
  if (files < num_ranks + kOwnFiles) {
    Warn(fmt::format("{}: {} may be open, {} need {}", host, Count(files, "file"),
                     Count(num_ranks, "rank"), num_ranks + kOwnFiles),
         "`ulimit -n 4096` in the job's script, or ask the site for a higher limit", finding);
  }
  const int64_t shared = seen.at("shared");
  if (num_here > 1 && shared < num_here * kSharedBytes) {
    Warn(fmt::format("{}: /dev/shm has {:.0f} MB free, {} need {:.0f}", host,
                     static_cast<double>(shared) / kMega, Count(num_here, "rank"),
                     static_cast<double>(num_here * kSharedBytes) / kMega),
         "remove left-over files there, or start the container with a larger one "
         "(--shm-size 1g)",
         finding);
  }
  // Weights, gradients, momentum and the buffer of the all-reduce.
  const int64_t memory_each = int64_t{16} * needs.gradient_floats;
  const int64_t memory = seen.at("memory");
  if (memory < num_here * memory_each) {
    Warn(fmt::format("{}: {:.0f} MB of memory may be used, the weights and gradients of {} need "
                     "{:.0f}",
                     host, static_cast<double>(memory) / kMega, Count(num_here, "rank"),
                     static_cast<double>(num_here * memory_each) / kMega),
         "ask for more memory (--mem), or for fewer ranks on a host", finding);
  }
}

Finding Judge(const Observations& ranks, const ClusterNeeds& needs) {
  Finding finding;
  for (const auto& [host, members] : RanksByHost(ranks)) {
    JudgeHost(host, ranks[static_cast<size_t>(members.front())],
              static_cast<int64_t>(members.size()), static_cast<int64_t>(ranks.size()), needs,
              &finding);
  }
  if (finding.verdict == Verdict::kOk) {
    const nlohmann::json& first = ranks.front();
    finding.text = fmt::format(
        "open files {}, memory {:.1f} GB, /dev/shm {:.1f} GB", first.at("files").get<int64_t>(),
        first.at("memory").get<double>() / 1e9, first.at("shared").get<double>() / 1e9);
  }
  return finding;
}

}  // namespace
}  // namespace reel3d::limits_check

namespace reel3d {

ClusterCheck LimitsCheck() { return {"limits", limits_check::Observe, limits_check::Judge}; }

}  // namespace reel3d
