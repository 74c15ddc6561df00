// SPDX-License-Identifier: Apache-2.0
#include "pipeline/train_r3d.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/stop_signal.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/dist/world.h"
#include "lib/model/freed_memory.h"
#include "lib/shard/shard_set.h"
#include "lib/train/checkpoint_folder.h"
#include "lib/train/trainer.h"
#include "pipeline/stage_output.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Held while the run goes on; the system lets go of it however the process ends.
class RunLock {
 public:
  explicit RunLock(const fs::path& run_dir)
      : descriptor_(open((run_dir / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (descriptor_ >= 0 && flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      close(descriptor_);
      throw EnvironmentError(run_dir.string() +
                             ": another train-r3d is at work there; wait for it or end it");
    }
  }
  ~RunLock() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int descriptor_;  // below 0 where the file system has no such locks: then there is no guard
};

ToolResult ToResult(const TrainReport& report) {
  ToolResult result;
  result.json = {{"steps", report.steps},
                 {"epochs", report.epochs},
                 {"ranks", report.ranks},
                 {"training_videos", report.num_training},
                 {"validation_videos", report.num_validation},
                 {"clips_per_s", report.clips_per_s},
                 {"waiting_share", report.waiting_share},
                 {"stopped_early", report.stopped_early}};
  result.text = report.stopped_early
                    ? fmt::format(
                          "stopped at a checkpoint after {} epochs, {} steps: run the same "
                          "command again to go on",
                          report.epochs, report.steps)
                    : fmt::format("{} epochs, {} steps", report.epochs, report.steps);
  for (const char* figure : {"train_loss", "train_top1", "validation_loss", "validation_top1"}) {
    if (report.last_epoch.contains(figure)) {
      result.json[figure] = report.last_epoch[figure];
    }
  }
  if (report.best_top1 >= 0) {
    result.json["best_validation_top1"] = report.best_top1;
    result.text += fmt::format("; validation clips: best top-1 {:.1f} %", 100 * report.best_top1);
  }
  if (result.json.contains("validation_top1")) {
    result.text +=
        fmt::format(", last {:.1f} %", 100 * result.json["validation_top1"].get<double>());
  }
  result.text += "\n";
  result.exit_status = report.stopped_early ? kExitStoppedEarly : kExitDone;
  return result;
}

// Refuses before the run is touched what the trainer would refuse when it goes on.
void RequireSameData(const fs::path& run_dir, uint32_t fingerprint, const std::string& shards_dir) {
  const fs::path latest = run_dir / "checkpoints" / "latest";
  if (!fs::exists(latest / CheckpointFiles::kState)) {
    return;
  }
  const nlohmann::ordered_json state = ReadCheckpointState(latest);
  if (state.contains("data") && state["data"] != fmt::format("{:08x}", fingerprint)) {
    throw InputError(
        fmt::format("{} was trained on other videos than {} holds: name another RUN_DIR, or "
                    "--overwrite (under make: OVERWRITE=yes)",
                    run_dir.string(), shards_dir));
  }
}

ToolResult TrainOn(const World& world, TrainOptions& options) {
  const fs::path run_dir = options.run_dir;
  const std::string settings = FormatConfig(options, /*only_output=*/true);
  std::optional<RunLock> lock;
  std::optional<StageOutput> output;
  ChooseDevice(options.device, world);  // before anything is touched: it may not be there
  if (world.is_main()) {
    RequireFolder(options.shards_dir, "shards made by pack-shards");
    MakeFolders(run_dir);
    lock.emplace(run_dir);
    const uint32_t fingerprint = ShardSet(options.shards_dir).fingerprint();
    if (!options.overwrite) {
      RequireSameData(run_dir, fingerprint, options.shards_dir);
    }
    output.emplace(StageRun{run_dir,
                            "train-r3d",
                            FormatConfig(options),
                            settings,
                            {{options.shards_dir, fmt::format("{:08x}", fingerprint)}},
                            options.overwrite,
                            {},
                            [&] {
                              std::error_code ignored;
                              fs::remove_all(run_dir / "checkpoints", ignored);
                              fs::remove(run_dir / "metrics.jsonl", ignored);
                            }});
  }
  world.Barrier();  // nobody looks for checkpoints before the old ones are gone
  ToolResult result = ToResult(Trainer(options, settings, world).Run());
  if (!world.is_main()) {
    ToolResult nothing;
    nothing.json = nullptr;
    nothing.exit_status = result.exit_status;
    return nothing;
  }
  if (result.exit_status == kExitDone) {
    output->Finish(result.json, {});
  } else {
    output->Report(result.json, {});
  }
  return result;
}

}  // namespace

ToolResult RunTraining(TrainOptions options) {
  KeepFreedMemory();
  const World world;
  CatchStopSignals();
  if (world.size() > 1) {
    InitLog("train-r3d", fmt::format("rank {}", world.rank()));
  }
  ToolResult result;
  world.Run([&] { WithTorchErrors([&] { result = TrainOn(world, options); }); });
  return result;
}

}  // namespace reel3d
