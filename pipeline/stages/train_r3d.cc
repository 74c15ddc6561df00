// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/train_r3d.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/launched_rank.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/base/stop_signal.h"
#include "lib/base/work_lock.h"
#include "lib/data/frame_facts.h"
#include "lib/data/passport.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/dist/world.h"
#include "lib/ledger/start_record.h"
#include "lib/model/freed_memory.h"
#include "lib/shard/data_doubts.h"
#include "lib/shard/shard_set.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/train/checkpoint/run_checkpoints.h"
#include "lib/train/log/metrics_log.h"
#include "lib/train/loop/finetune.h"
#include "lib/train/loop/staging.h"
#include "lib/train/loop/trainer.h"
#include "lib/weights/weights_header.h"
#include "lib/weights/weights_name.h"
#include "pipeline/stages/gradient_network.h"
#include "pipeline/support/folder_maker.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/stored_settings.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTool = "train-r3d";

// Returns how to lock the run's folder. If Slurm has queued the job again, a node that hangs may
// still hold the lock. The system frees such a lock only after some minutes, so this job waits.
WorkLockOptions LockOptions(const World& world) {
  constexpr double kPatienceOfRestart_s = 300;
  const char* restarts = std::getenv("SLURM_RESTART_COUNT");
  WorkLockOptions options;
  options.worker = kTool;
  if (restarts != nullptr && std::strtol(restarts, nullptr, 10) > 0) {
    options.patience_s = kPatienceOfRestart_s;
  }
  options.stop = StopRequested;
  options.on_lost = [&world](const std::string& message) {
    LogError(message);
    world.Abort(kExitEnvironment);
  };
  return options;
}

ToolResult ToResult(const TrainReport& report) {
  ToolResult result;
  result.json = {{"steps", report.steps},
                 {"epochs", report.epochs},
                 {"ranks", report.ranks},
                 {"training_videos", report.num_training},
                 {"validation_videos", report.num_validation},
                 {"clips_per_s", report.clips_per_s},
                 {"waiting_share", report.waiting_share},
                 {"num_damaged", report.damaged.size()},
                 {"num_bad_steps", report.num_bad},
                 {"stopped_early", report.stopped_early}};
  result.text =
      report.stopped_early && report.steps == 0
          ? "stopped before the first step: run the same command again to begin"
      : report.stopped_early
          ? fmt::format("stopped at a checkpoint after {}, {}: run the same command again to go on",
                        Count(report.epochs, "epoch"), Count(report.steps, "step"))
          : fmt::format("{}{}, {}", report.over_tolerance ? "ended after " : "",
                        Count(report.epochs, "epoch"), Count(report.steps, "step"));
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
  result.text += '\n';
  result.exit_status = report.stopped_early ? kExitStoppedEarly : kExitDone;
  return result;
}

// Returns the state of the newest checkpoint whose state can be read. The trainer skips damaged
// checkpoints as well.
std::optional<nlohmann::ordered_json> NewestState(const std::vector<fs::path>& checkpoints) {
  for (const fs::path& checkpoint : checkpoints) {
    try {
      if (fs::exists(checkpoint / CheckpointFiles::kDone)) {
        return ReadCheckpointState(checkpoint);
      }
    } catch (const Error&) {
      // Its state is damaged.
    }
  }
  return std::nullopt;
}

// Throws a usage error if `options` differ from the settings that the checkpoint itself records.
// The settings in the run's folder may have been lost or changed.
void RequireSameSettings(const nlohmann::ordered_json& state, const TrainOptions& options) {
  std::string trained_with;
  UseJson(options.run_dir, [&] { trained_with = state.value("config", ""); });
  const std::string difference = SettingsDifference(trained_with, SettingsOf(options));
  if (!trained_with.empty() && !difference.empty()) {
    throw UsageError(fmt::format(
        "{}: its checkpoints were made with other settings ({}): name another folder, or "
        "--overwrite to make it again (under make: OVERWRITE=yes)",
        options.run_dir, difference));
  }
}

// Throws an input error if metrics.jsonl shows that the checkpoints were lost: after
// --checkpoint-epochs epochs one is saved before the next epoch gets a line.
void RequireNoLostCheckpoints(const TrainOptions& options, const fs::path& checkpoints) {
  const fs::path metrics = fs::path(options.run_dir) / "metrics.jsonl";
  const int last_epoch = LastEpochIn(metrics);
  if (last_epoch > options.checkpoint_epochs) {
    throw InputError(fmt::format(
        "{} holds no checkpoint, though {} has {} epochs: put the checkpoints back to go on, or "
        "--overwrite to start again at step 0 (under make: OVERWRITE=yes)",
        checkpoints.string(), metrics.string(), last_epoch));
  }
}

// Throws before the run is touched if the trainer would refuse to continue it, or would start again
// at step 0 although nobody asked for that.
void RequireSameRun(const TrainOptions& options, const ShardSet& shards) {
  RequireNoFolders(options.run_dir, {"metrics.jsonl", "times.jsonl", kStartsFile});
  if (options.overwrite) {
    return;
  }
  const std::vector<fs::path> checkpoints = ListCheckpoints(CheckpointFolder(options));
  if (checkpoints.empty()) {
    RequireNoLostCheckpoints(options, CheckpointFolder(options));
  }
  if (const auto state = NewestState(checkpoints)) {
    RequireSameData(*state, shards.fingerprint(), options.run_dir, options.shards_dir);
    RequireSameCourse(*state, options);
    RequireSameSettings(*state, options);
  }
}

std::optional<Passport> PassportOfPretrained(const FinetuneOptions& finetune) {
  if (fs::is_directory(finetune.file)) {
    return PassportOfTraining(finetune.file);
  }
  return PassportOfWeights(ReadWeightsHeader(PretrainedFile(finetune)), finetune.file);
}

// Says if the frames are prepared unlike those that the pretrained weights learned from.
// Fine-tuning fits the network to the new frames, so this is no error.
void WarnOfOtherFrames(const FinetuneOptions& finetune, const ShardSet& shards) {
  const auto before =
      FrameFactsOf(PassportOrWarning([&] { return PassportOfPretrained(finetune); }));
  const auto now =
      FrameFactsOf(PassportOrWarning([&] { return ReadShardsPassport(shards.folder()); }));
  if (!before || !now) {
    return;
  }
  const std::vector<TrainingDifference> differences = FrameDifferences(*now, *before);
  if (!differences.empty()) {
    LogWarn(fmt::format(
        "{}: the frames are unlike those that {} learned from: {}; layers that "
        "learn get used to them",
        shards.folder().string(), finetune.file, DescribeDifferences(differences, "pretraining")));
  }
}

// Returns the content of DONE: the number of ranks that trained, and the number that the launcher
// was asked for.
std::string RanksText(const World& world) {
  const std::optional<LaunchedCount> asked = LaunchedTogether();
  return fmt::format("ranks = {}\nranks-asked = {}\n", world.size(), asked ? asked->processes : 1);
}

StageRun RunOf(const TrainOptions& options, const ShardSet& shards, const World& world) {
  const fs::path run_dir = options.run_dir;
  std::vector<StageInput> inputs = {
      {options.shards_dir, fmt::format("{:08x}", shards.fingerprint())}};
  if (!options.finetune.file.empty()) {
    const fs::path file = SplitWeightsName(PretrainedFile(options.finetune)).file;
    inputs.push_back({options.finetune.file, FileIdentity(file)});
  }
  return {run_dir,
          kTool,
          SettingsOf(options),
          inputs,
          options.overwrite,
          {},
          [run_dir] {
            std::error_code ignored;
            fs::remove_all(run_dir / "checkpoints", ignored);
            fs::remove_all(run_dir / "tensorboard", ignored);
            fs::remove_all(run_dir / "heartbeats", ignored);
            fs::remove(run_dir / "metrics.jsonl", ignored);
            fs::remove(run_dir / "times.jsonl", ignored);
            fs::remove(run_dir / kStartsFile, ignored);
          },
          [&world] { return RanksText(world); }};
}

// Writes the report of the run's end. Returns false if too many videos were damaged.
bool Conclude(const TrainReport& report, const ToolResult& result, double max_failed_fraction,
              const StageOutput& output) {
  std::vector<FailedItem> failed;
  for (const auto& [id, reason] : report.damaged) {
    failed.push_back({id, "train", reason});
  }
  if (result.exit_status == kExitDone) {
    return output.Finish(result.json, failed,
                         {report.num_training + report.num_validation,
                          static_cast<int64_t>(failed.size()), max_failed_fraction});
  }
  output.Report(result.json, failed);
  return true;
}

ToolResult StoppedBeforeTraining(const World& world) {
  const char* text = "stopped before training had begun: run the same command again\n";
  return {{{"stopped_early", true}}, world.is_main() ? text : "", kExitStoppedEarly};
}

ToolResult TrainOn(const World& world, TrainOptions& options) {
  if (world.Any(StopRequested())) {
    return StoppedBeforeTraining(world);
  }
  std::optional<WorkLock> lock;
  std::optional<ShardSet> shards;
  std::optional<StageOutput> output;
  // The device may be missing, so it is chosen before any file is touched.
  const c10::Device device = ChooseDevice(options.device, world);
  if (world.is_main()) {
    RequireFolder(options.shards_dir, "shards made by pack-shards");
    shards.emplace(options.shards_dir);
    CheckStage(options);
    // A refusal leaves nothing behind in somebody else's folder, not even the lock.
    RequireOwnFolder(options.run_dir, kTool);
    MakeFolders(options.run_dir);
    lock.emplace(options.run_dir, LockOptions(world));
  }
  if (world.Any(lock && !lock->is_held())) {
    return StoppedBeforeTraining(world);
  }
  if (world.is_main()) {
    RequireSameRun(options, *shards);
    output.emplace(RunOf(options, *shards, world));
    for (const Doubt& doubt : DataDoubts(*shards)) {
      LogWarn(doubt.text);
    }
    if (!options.finetune.file.empty()) {
      WarnOfOtherFrames(options.finetune, *shards);
    }
  }
  world.Barrier();  // no rank looks for checkpoints before --overwrite has removed old ones
  if (!shards) {
    shards.emplace(options.shards_dir);
  }
  if (!options.staging.folder.empty()) {
    shards->ReadCopiesIn(options.staging.folder);
  }
  const std::string settings = FormatConfig(options, /*only_output=*/true);
  TrainReport report;
  {
    GradientNetwork network(world, device.is_cuda());
    Trainer trainer(options, settings, world, *shards, device);
    network.Say();
    // An error must end the other ranks from here, because the trainer's destructor waits for a
    // checkpoint that is being written.
    world.Run([&] { WithTorchErrors([&] { report = trainer.Run(); }); });
  }
  ToolResult result = ToResult(report);
  if (output && !Conclude(report, result, options.max_failed_fraction, *output)) {
    result.exit_status = kExitInput;
  }
  if (!world.is_main()) {  // only rank 0 prints a result; all return the same status
    result = {nullptr, "", report.over_tolerance ? kExitInput : result.exit_status};
  }
  return result;
}

// Lets rank 0 print at once what a request to stop will do, since a step may take a minute.
void AcknowledgeStops() {
  if (LaunchedRank().value_or(0) != 0) {
    return;
  }
  constexpr const char* kStops =
      "train-r3d: asked to stop: the step in hand is finished and a checkpoint saved; the same "
      "signal again, a second later or more, ends at once\n";
  constexpr const char* kIsKilled =
      "train-r3d: SIGTERM from mpirun, which kills its ranks a second later: because a rank has "
      "failed, or because of Ctrl-C or SIGTERM. To stop at a checkpoint, start it as `run-ranks "
      "mpirun ...`, or send SIGUSR1 to mpirun\n";
  // Under run-ranks SIGTERM comes only if a rank has failed, and that rank prints why.
  const char* of_mpirun = StartedByRunRanks() ? nullptr : kIsKilled;
  SayWhenStopped(kStops, StartedByMpirun() ? of_mpirun : kStops);
}

}  // namespace

ToolResult RunTraining(TrainOptions options) {
  CatchStopSignals();  // main() has done so before; other callers may not
  ReceiveStopSignalsInOwnThread();
  if (StartedByRunRanks()) {
    AllowRepeatedStops();
  }
  AcknowledgeStops();
  KeepFreedMemory();
  const World world;
  if (world.size() > 1) {
    InitLog("train-r3d", fmt::format("rank {}", world.rank()));
  }
  ToolResult result;
  world.Run([&] { WithTorchErrors([&] { result = TrainOn(world, options); }); });
  return result;
}

}  // namespace reel3d
