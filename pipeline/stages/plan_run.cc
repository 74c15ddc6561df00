// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/plan_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/plan/simulation.h"
#include "pipeline/stages/array_limit.h"
#include "pipeline/stages/measured_rates.h"
#include "pipeline/stages/plan_options.h"
#include "pipeline/stages/plan_outcome.h"
#include "pipeline/stages/plan_text.h"

namespace reel3d {
namespace {

std::vector<MeasuredRates> ReadAllRates(const std::vector<std::string>& sources) {
  std::vector<MeasuredRates> all;
  for (const std::string& source : sources) {
    all.push_back(ReadMeasuredRates(source));
    for (const std::string& note : all.back().notes) {
      LogWarn(note);
    }
  }
  return all;
}

plan::Request RequestOf(PlanRunOptions options) {
  PlanRunOptions defaults;
  MarkGiven(KnobsOf(&options.settings), KnobsOf(&defaults.settings));
  MarkGiven(KnobsOf(&options.cluster), KnobsOf(&defaults.cluster));
  if (options.cluster.max_array_size.value == 0) {
    options.cluster.max_array_size = {AskMostArrayTasks(), plan::Origin::kMeasured};
  }
  const PlannedVideos planned = PlanVideos(options.videos);
  for (const std::string& note : planned.notes) {
    LogWarn(note);
  }
  plan::Request request = {planned.videos, options.rates, options.cluster, options.settings};
  FillRates(ReadAllRates(options.measured), &request);
  return request;
}

// Simulates as many runs as take about a second, at most a thousand.
void Simulate(const PlanRunOptions& options, PlanPage* page) {
  const plan::TrainingPlan& training = page->plan.training;
  const plan::Request& request = page->request;
  const plan::Cluster& cluster = request.cluster;
  plan::SimulatedCluster simulated;
  simulated.num_nodes = static_cast<int>(training.num_nodes);
  if (cluster.node_mtbf_days.value > 0) {
    simulated.node_mtbf_s = cluster.node_mtbf_days.value * 86400;
  }
  if (cluster.limit_hours.value > 0) {
    simulated.limit_s = cluster.limit_hours.value * 3600;
  }
  simulated.start_s = cluster.start_s.value;
  simulated.save_s = cluster.save_s.value;
  simulated.requeue_s = cluster.queue_minutes.value * 60;
  constexpr double kEvents = 3e6;
  constexpr double kMostRuns = 1000;
  const double saves = training.job.work_s / training.interval_s;
  const double events = training.num_nodes + 2 * training.job.num_jobs + 2 * saves;
  if (events > 10 * kEvents) {
    throw UsageError(
        fmt::format("a simulation of this run has {:.3g} events, which is too many: "
                    "plan it without --simulate",
                    events));
  }
  page->num_played = static_cast<int>(std::clamp(kEvents / events, 1.0, kMostRuns));
  page->played = SimulateJobs(training.job.work_s, training.interval_s, simulated, page->num_played,
                              static_cast<uint64_t>(options.seed));
}

PlanRunReport Compare(const PlanRunOptions& options) {
  const PlanOutcome outcome = ComparePlan(options.plan, options.outcome);
  if (!options.correction.empty()) {
    WriteFileAtomically(options.correction, FormatJson(outcome.correction) + "\n");
  }
  return {outcome.json, outcome.text};
}

// Throws a usage error if two options name the same file, because an output would replace another
// output or the plan that was read.
void RequireDifferentFiles(const std::vector<std::pair<std::string, std::string>>& files) {
  std::map<std::filesystem::path, std::string> option_of;
  for (const auto& [option, file] : files) {
    std::error_code ignored;
    // A relative name of a file that does not exist would stay relative.
    const auto path =
        std::filesystem::weakly_canonical(std::filesystem::absolute(file, ignored), ignored);
    const auto [other, is_first] = option_of.emplace(path, option);
    if (!file.empty() && !is_first) {
      throw UsageError(
          fmt::format("--{} and --{} name the same file, {}", other->second, option, file));
    }
  }
}

}  // namespace

void PlanRunOptions::Bind(OptionBinder& binder) {
  videos.Bind(binder);
  binder.Bind("measured", &measured,
              "use the rates of these earlier runs (a,b,...): folders (RUN of Makefile.workflow) "
              "or files of --correction. Later ones overrule earlier ones. Empty: none");
  binder.Choice("pack", &settings.packing, "how videos become shards");
  BindKnobs(KnobsOf(&settings), &binder);
  BindKnobs(KnobsOf(&cluster), &binder);
  BindKnobs(KnobsOf(&rates), &binder);
  binder.Bind("out", &out, "write the plan to this file (.json), for --plan. Empty: only print");
  binder.Bind(
      "svg", &svg,
      "draw the time of an epoch by the number of ranks, to this file (.svg). Empty: no picture");
  binder.Bind(
      "simulate", &simulate,
      "also simulate training event by event, and print the result beside that of the formulas");
  binder.Bind("seed", &seed, IntRange{0, INT64_MAX}, "seed of the simulation");
  binder.Bind(
      "plan", &plan,
      "compare this plan, which --out wrote, with the run of --outcome. Empty: make a new plan");
  binder.Bind("outcome", &outcome,
              "folder of the finished run to compare with --plan. Empty: make a new plan");
  binder.Bind("correction", &correction,
              "write the plan's rates, corrected by the outcome, to this file, for --measured. "
              "Empty: only print");
}

void PlanRunOptions::Check() const {
  if (plan.empty() != outcome.empty()) {
    throw UsageError("--plan and --outcome go together: name the plan and the finished run");
  }
  RequireDifferentFiles({{"plan", plan}, {"correction", correction}, {"out", out}, {"svg", svg}});
  if (!correction.empty() && plan.empty()) {
    throw UsageError("--correction needs --plan and --outcome, which it is made from");
  }
  PlanRunOptions copy = *this;
  CheckKnobs(KnobsOf(&copy.settings));
  CheckKnobs(KnobsOf(&copy.cluster));
  if (plan.empty()) {
    videos.Check();
  } else if (!out.empty() || !svg.empty() || simulate) {
    throw UsageError("--out, --svg and --simulate are for a new plan: leave out --plan");
  }
}

PlanRunReport RunPlanRun(const PlanRunOptions& options) {
  options.Check();
  if (!options.plan.empty()) {
    return Compare(options);
  }
  PlanPage page;
  page.request = RequestOf(options);
  page.plan = MakePlan(page.request);
  for (const double ranks : RanksToShow(page.request)) {
    page.by_ranks.push_back(PlanTraining(page.request, ranks));
  }
  if (options.simulate) {
    Simulate(options, &page);
  }
  PlanRunReport report = {PlanToJson(page), FormatPlan(page)};
  if (!options.out.empty()) {
    WriteFileAtomically(options.out, FormatJson(report.figures) + "\n");
  }
  if (!options.svg.empty()) {
    WriteFileAtomically(options.svg, PlanPicture(page));
  }
  return report;
}

}  // namespace reel3d
