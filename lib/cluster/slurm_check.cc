// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <sstream>

#include "lib/base/plural.h"
#include "lib/cluster/checks.h"
#include "lib/cluster/slurm_text.h"

namespace reel3d::slurm_check {
namespace {

// A chain of slurm/ with the default of four tasks: prep 4, pack 1, train 1, score 4, evaluate 1,
// report 1, and the last job.
constexpr int64_t kJobsOfChain = 13;
// Training needs the time of a step and a save to stop, which is not known here.
constexpr int64_t kUsualStop_s = 60;
// Returns what Slurm says of this job's partition; "" if that is not there.
std::string OwnPartition(const SlurmTexts& says) {
  std::istringstream lines(says.partitions);
  for (std::string line; std::getline(lines, line);) {
    if (ValueInPairs(line, "PartitionName") == says.partition) {
      return line;
    }
  }
  return "";
}

// Returns whether there is a partition with a higher tier than `own`: only jobs of such a partition
// preempt others. Returns true if the tier of `own` is not known.
bool IsBelowOthers(const std::string& own, const std::string& partitions) {
  const std::optional<int64_t> tier = NumberIn(ValueInPairs(own, "PriorityTier"));
  bool is_below = !tier;
  std::istringstream lines(partitions);
  for (std::string line; std::getline(lines, line);) {
    is_below = is_below || NumberIn(ValueInPairs(line, "PriorityTier")) > tier;
  }
  return is_below;
}

// Returns how long before a preemption a job of this partition hears of it; nothing if it is not
// preempted, or a quality of service decides.
std::optional<int64_t> GraceSeconds(const SlurmTexts& says) {
  const std::string own = OwnPartition(says);
  const std::string mode = ValueInPairs(own, "PreemptMode");
  const bool is_preempted = ValueInLines(says.config, "PreemptType") == "preempt/partition_prio" &&
                            !mode.empty() && mode.find("OFF") == std::string::npos &&
                            IsBelowOthers(own, says.partitions);
  return is_preempted ? NumberIn(ValueInPairs(own, "GraceTime")) : std::nullopt;
}

nlohmann::json JsonOf(const std::optional<int64_t>& number) {
  return number ? nlohmann::json(*number) : nlohmann::json();
}

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  if (probe.rank != 0) {  // Slurm gives every rank the same answer
    return nlohmann::json::object();
  }
  const SlurmTexts says = probe.ask_slurm();
  return {{"answers", !says.config.empty()},
          {"tasks", JsonOf(MostArrayTasks(says.config))},
          {"jobs", JsonOf(NumberIn(ValueInLines(says.config, "MaxJobCount")))},
          {"own_jobs", JsonOf(NumberIn(says.submit))},
          {"requeues", JsonOf(NumberIn(ValueInLines(says.config, "JobRequeue")))},
          {"kill_wait_s", JsonOf(NumberIn(ValueInLines(says.config, "KillWait")))},
          {"grace_s", JsonOf(GraceSeconds(says))}};
}

void Warn(const std::string& text, const std::string& remedy, Finding* finding) {
  if (finding->verdict == Verdict::kOk) {
    *finding = {Verdict::kWarn, text, remedy, {}, {}};
  } else {
    finding->details.push_back(text + ": " + remedy);
  }
}

void JudgeJobs(const nlohmann::json& seen, Finding* finding) {
  const nlohmann::json& tasks = seen.at("tasks");
  if (!tasks.is_null() && tasks < 2) {
    Warn("this cluster has no job arrays (MaxArraySize)",
         fmt::format("{}start prep, pack and score by hand with --share-work",
                     tasks == 1 ? "give TASKS=1, or " : ""),
         finding);
  }
  for (const char* limit : {"own_jobs", "jobs"}) {
    const nlohmann::json& most = seen.at(limit);
    if (!most.is_null() && most < kJobsOfChain) {
      Warn(
          fmt::format("{} may be queued ({}), a chain of slurm/ with four tasks has {}",
                      Count(most.get<int64_t>(), "job"),
                      limit == std::string("jobs") ? "MaxJobCount" : "MaxSubmitJobs of the account",
                      kJobsOfChain),
          "give fewer TASKS, or submit the stages one by one", finding);
    }
  }
}

void JudgeEnds(const nlohmann::json& seen, Finding* finding) {
  if (seen.at("requeues") == 0) {
    Warn("Slurm does not queue jobs again whose node has died (JobRequeue=0)",
         "submit jobs of your own with --requeue, as those of slurm/ are", finding);
  }
  const nlohmann::json& grace = seen.at("grace_s");
  if (!grace.is_null() && grace < kUsualStop_s) {
    Warn(fmt::format("Slurm may preempt jobs of this partition {} s after it has told them "
                     "(GraceTime), and a step and a save may take longer",
                     grace.get<int64_t>()),
         "save more often (--checkpoint-minutes), or use another partition", finding);
  }
}

std::string TextOf(const nlohmann::json& seen) {
  std::vector<std::string> parts;
  const auto add = [&](const char* key, const char* text) {
    if (!seen.at(key).is_null()) {
      parts.push_back(fmt::format(fmt::runtime(text), seen.at(key).get<int64_t>()));
    }
  };
  add("tasks", "arrays of up to {} tasks");
  add("jobs", "{} jobs in all");
  add("own_jobs", "{} of this account");
  add("kill_wait_s", "{} s to end after scancel (KillWait)");
  add("grace_s", "{} s before a preemption (GraceTime)");
  return fmt::format("{}", fmt::join(parts, ", "));
}

Finding Judge(const Observations& ranks, const ClusterNeeds& /*needs*/) {
  const nlohmann::json& seen = ranks.front();
  if (!seen.at("answers").get<bool>()) {
    return {Verdict::kNotAsked,
            "this is no job of Slurm, or scontrol does not answer here",
            "",
            {},
            {}};
  }
  Finding finding;
  JudgeJobs(seen, &finding);
  JudgeEnds(seen, &finding);
  const std::string text = TextOf(seen);
  if (finding.verdict == Verdict::kOk) {
    finding.text = text.empty() ? "Slurm states no limits" : text;
  } else if (!text.empty()) {
    finding.details.push_back(text);
  }
  return finding;
}

}  // namespace
}  // namespace reel3d::slurm_check

namespace reel3d {

ClusterCheck SlurmCheck() { return {"slurm", slurm_check::Observe, slurm_check::Judge}; }

}  // namespace reel3d
