// plan-run estimates how long a run takes, how much disk it needs, and what it costs.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/plan_run.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::PlanRunOptions options;
  const reel3d::ToolInfo info = {
      "plan-run", "Plans a run: hours, bytes, tasks, checkpoints and cost.",
      "Computes from a manifest or a description of the videos what each stage will take, and\n"
      "says for each figure whether it is measured, given or assumed:\n\n"
      "  plan-run --videos 650000 --seconds 10 --lines 720 --ranks 64\n"
      "  plan-run --manifest run/x/videos.tsv --measured run/small --out plan.json\n"
      "  plan-run --plan plan.json --outcome run/x --correction correction.json\n\n"
      "Rates come from the options, else from the runs and corrections of --measured, else from\n"
      "published measurements. After the run, --plan and --outcome print planned and measured\n"
      "figures side by side, and --correction writes corrected rates for the next plan.\n"
      "--simulate simulates the failures of every node to check the formulas. A given value that\n"
      "equals its default counts as assumed."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::PlanRunReport report = reel3d::RunPlanRun(options);
    return reel3d::ToolResult{report.figures, report.text, reel3d::kExitDone};
  });
}
