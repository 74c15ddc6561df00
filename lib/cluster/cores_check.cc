// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "lib/base/cgroup.h"
#include "lib/base/host.h"
#include "lib/base/plural.h"
#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::cores_check {
namespace {

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  const char* asked = std::getenv("SLURM_CPUS_PER_TASK");
  const double quota = ReadCgroupLimits(probe.root).cores;
  return {{"cores", AllowedCores()},
          {"quota", std::isfinite(quota) ? quota : 0},
          {"machine", sysconf(_SC_NPROCESSORS_ONLN)},
          {"asked", asked == nullptr ? 0 : std::strtol(asked, nullptr, 10)},
          {"in_slurm", std::getenv("SLURM_JOB_ID") != nullptr},
          {"gpu", probe.gpu_id},
          {"processor", probe.processor}};
}

// Returns "0-3, 8" for rising numbers.
std::string Ranges(const std::set<int>& numbers) {
  std::string text;
  for (auto first = numbers.begin(); first != numbers.end();) {
    auto last = first;
    while (std::next(last) != numbers.end() && *std::next(last) == *last + 1) {
      ++last;
    }
    text += fmt::format("{}{}", text.empty() ? "" : ", ", *first);
    text += first == last ? "" : fmt::format("-{}", *last);
    first = std::next(last);
  }
  return text;
}

struct HostCores {
  std::set<int> cores;  // of all its ranks
  double usable = 0;    // number of cores, or less if a control group limits it
  int machine = 0;      // cores that are online
  int threads = 0;      // threads that its ranks want
  size_t fewest_of_rank = 0;
  bool in_slurm = false;
  std::map<std::string, std::vector<int>> gpus;  // the ranks that compute on each
};

HostCores CoresOf(const Observations& ranks, const std::vector<int>& members,
                  const ClusterNeeds& needs) {
  HostCores host;
  double quota = 0;
  host.fewest_of_rank = SIZE_MAX;
  for (const int rank : members) {
    const nlohmann::json& seen = ranks[static_cast<size_t>(rank)];
    const std::vector<int> cores = seen.at("cores");
    host.cores.insert(cores.begin(), cores.end());
    host.fewest_of_rank = std::min(host.fewest_of_rank, cores.size());
    host.machine = seen.at("machine");
    host.in_slurm = host.in_slurm || seen.at("in_slurm").get<bool>();
    quota = std::max(quota, seen.at("quota").get<double>());
    host.threads += std::max({1, needs.threads, seen.at("asked").get<int>()});
    if (const std::string gpu = seen.at("gpu"); !gpu.empty()) {
      host.gpus[gpu].push_back(rank);
    }
  }
  const auto num_cores = static_cast<double>(host.cores.size());
  host.usable = quota > 0 ? std::min(quota, num_cores) : num_cores;
  return host;
}

// Returns ", GPUs 0a1b2c3d 4e5f6071" with the first digits of each id, or "" if there are none.
std::string NameGpus(const HostCores& host) {
  constexpr size_t kDigits = 8;
  std::string text;
  for (const auto& [id, ranks] : host.gpus) {
    text += (text.empty() ? ", GPUs " : " ") + id.substr(0, kDigits);
  }
  return text;
}

// Returns a finding of ranks that compute on one GPU, or std::nullopt if each has its own.
std::optional<Finding> SharedGpu(const Observations& ranks, const HostCores& host) {
  for (const auto& [id, sharers] : host.gpus) {
    if (sharers.size() > 1) {
      Finding finding;
      finding.verdict = Verdict::kFail;
      finding.text = fmt::format("{} compute on one GPU ({})", NameRanks(ranks, sharers), id);
      finding.remedy =
          "start at most one rank for each GPU of a host, and let all ranks of a host see its GPUs "
          "in one order (CUDA_VISIBLE_DEVICES, `srun --gpus-per-task=1`)";
      return finding;
    }
  }
  return std::nullopt;
}

// Returns what is wrong with the cores of a host; "" if nothing is.
std::string Fault(const HostCores& host, size_t num_ranks) {
  const bool is_limited = host.usable < host.machine;
  if (is_limited && host.usable < host.threads) {
    return fmt::format("{} with {} may use {:g} of {}",
                       Count(static_cast<int64_t>(num_ranks), "rank"),
                       Count(host.threads, "thread"), host.usable, Count(host.machine, "core"));
  }
  // Outside of Slurm no other job uses the other cores, so mpirun itself has bound the ranks.
  if (!host.in_slurm && host.fewest_of_rank == 1 && 2 * host.usable <= host.machine) {
    return fmt::format("each rank is bound to one core, and only {:g} of {} are used", host.usable,
                       Count(host.machine, "core"));
  }
  return "";
}

Finding Judge(const Observations& ranks, const ClusterNeeds& needs) {
  constexpr size_t kShown = 16;
  Finding finding;
  for (const auto& [name, members] : RanksByHost(ranks)) {
    const HostCores host = CoresOf(ranks, members, needs);
    const nlohmann::json& first = ranks[static_cast<size_t>(members.front())];
    std::set<int> numbers(members.begin(), members.end());
    if (finding.details.size() < kShown) {
      finding.details.push_back(fmt::format(
          "{}: ranks {}, cores {} of {}, {}{}", name, Ranges(numbers), Ranges(host.cores),
          host.machine, first.at("processor").get<std::string>(), NameGpus(host)));
    }
    if (std::optional<Finding> shared = SharedGpu(ranks, host)) {
      shared->details = finding.details;
      finding = *std::move(shared);
    }
    const std::string fault = Fault(host, members.size());
    if (!fault.empty() && finding.verdict == Verdict::kOk) {
      finding.verdict = Verdict::kWarn;
      finding.text = fmt::format("{}: {}", name, fault);
      finding.remedy =
          "ask for more cores (--cpus-per-task), or let ranks use them: `mpirun --bind-to none`, "
          "`srun --cpu-bind=none`; a control group or taskset may limit them, too";
    }
  }
  if (finding.verdict == Verdict::kOk) {
    finding.text = "ranks have the cores that they need";
  }
  return finding;
}

}  // namespace
}  // namespace reel3d::cores_check

namespace reel3d {

ClusterCheck CoresCheck() { return {"cores", cores_check::Observe, cores_check::Judge}; }

}  // namespace reel3d
