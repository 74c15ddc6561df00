// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/prep_videos.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lib/base/timer.h"
#include "lib/cli/tool.h"
#include "lib/data/manifest.h"
#include "pipeline/stages/preparation.h"
#include "pipeline/support/shared_stage.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Returns what identifies the work of all tasks. Older versions gave the rows of a file to several
// tasks, so that their finished tasks say nothing of the rows of such manifests.
std::string WorkIdentity(const Manifest& manifest, const fs::path& file) {
  std::unordered_set<std::string_view> paths;
  for (const VideoRow& row : manifest.videos) {
    paths.insert(row.path);
  }
  const bool shares_files = paths.size() < manifest.videos.size();
  return FileIdentity(file) + (shares_files ? " by file" : "");
}

}  // namespace

void PrepVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest, as list-videos writes it");
  binder.Positional(
      "OUT_DIR", &out_dir,
      "folder for the prepared videos, <id>.mkv; of more than 10,000 videos, in sub-folders");
  BindPreparing(binder);
  binder.Bind("overwrite", &overwrite,
              "make every video again, even if OUT_DIR was made with other settings",
              Effect::kOnce);
  slice.Bind(binder);
  sharing.Bind(binder);
}

void PrepVideosOptions::Check() {
  preparation.Check();
  sharing.Resolve(&slice, overwrite);
}

namespace {

// Returns false if too many videos failed. Adds the slices of this task to `report`.
bool RunShared(const PrepVideosOptions& options, const StageOutput& output, PrepTools* tools,
               PrepVideosReport* report) {
  const auto work = [&](const SliceTurn& turn) {
    SliceResult result;
    const PrepVideosReport of_slice =
        Preparation(tools, turn.output, turn.slice, turn.notes).Run(&result.failed);
    report->Add(of_slice);
    result.report = of_slice.ToJson();
    result.num_items = of_slice.num_videos;
    return result;
  };
  return RunSharedStage({output, options.sharing, options.sharing.SlicesOf(tools->num_files()),
                         options.max_failed_fraction, work});
}

bool RunFixedShare(const PrepVideosOptions& options, const StageOutput& output, PrepTools* tools,
                   PrepVideosReport* report) {
  WorkNotes no_notes;
  std::vector<FailedItem> failed;
  *report = Preparation(tools, output, options.slice, &no_notes).Run(&failed);
  return output.Finish(report->ToJson(), failed,
                       {report->num_videos, report->num_failed, options.max_failed_fraction});
}

}  // namespace

PrepVideosReport RunPrepVideos(const PrepVideosOptions& given) {
  const Stopwatch clock;
  PrepVideosOptions options = given;
  const Manifest manifest = ReadManifest(options.manifest);
  StageRun run{options.out_dir,     "prep-videos",
               SettingsOf(options), {{options.manifest, WorkIdentity(manifest, options.manifest)}},
               options.overwrite,   options.slice};
  run.is_shared = options.sharing.is_on();
  const StageOutput output(run);
  PrepTools tools(manifest, output.folder(), options.SettingsOfWorkers());
  PrepVideosReport report;
  const auto share = options.sharing.is_on() ? RunShared : RunFixedShare;
  report.over_tolerance = !share(options, output, &tools, &report);
  report.seconds = clock.Seconds();
  return report;
}

}  // namespace reel3d
