// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/score_videos.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/base/launched_rank.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/base/progress.h"
#include "lib/base/stop_signal.h"
#include "lib/base/timer.h"
#include "lib/data/passport.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/dist/world.h"
#include "lib/model/freed_memory.h"
#include "lib/train/cpu_share.h"
#include "pipeline/stages/clip_scorer.h"
#include "pipeline/stages/score_folders.h"
#include "pipeline/stages/score_source.h"
#include "pipeline/support/load_network.h"
#include "pipeline/support/prep_worker.h"
#include "pipeline/support/shared_stage.h"
#include "pipeline/support/stage_tasks.h"

namespace reel3d {
namespace {

// The cores and the device that this process computes with.
struct Place {
  at::Device device;
  int threads;
  int ranks_on_host = 1;  // they share its memory
};

// `threads` threads load clips.
ScoreSource OpenSource(const ScoreOptions& options, int threads, const Place& place) {
  if (!options.from_videos) {
    return OpenShards(options.shards_dir);
  }
  const int workers = ProcessCount(0, kPrepWorker_bytes * place.ranks_on_host);
  return OpenVideos({options.shards_dir, options.preparation, options.limits,
                     options.allow_truncated, std::min(threads, workers)},
                    options.subset);
}

}  // namespace

void ScoreOptions::Bind(OptionBinder& binder) {
  network.Bind(binder);
  binder.Positional("SHARDS_DIR", &shards_dir,
                    "folder made by pack-shards; with --from-videos the manifest (VIDEOS.tsv)");
  binder.Positional("OUT_DIR", &out_dir,
                    "folder for score files; an earlier run in it is continued");
  binder.Bind(
      "from-videos", &from_videos,
      "SHARDS_DIR is a manifest: score its video files without shards. The options from "
      "--height to --allow-truncated say how to prepare the videos; without --height they are "
      "prepared like the training videos. false: they must not be given");
  preparation.Bind(binder, "prepared-short-side");
  binder.Bind(
      "allow-truncated", &allow_truncated,
      "score videos that have fewer frames than their files state; false: such videos fail");
  limits.Bind(binder);
  allow.Bind(binder);
  binder.Choice("subset", &subset, "which videos to score");
  binder.Bind("windows", &windows, {0, 100'000},
              "maximum number of clips to score per video, spread evenly, as in validation by the "
              "2020 rule. 0: all clips at the distance of --window-stride");
  window_stride.Bind(binder);
  binder.Choice("tail", &tail, "what to do with the last, shorter clip of a video");
  binder.Choice("crops", &crops.crops,
                "which part of the frames to score of each clip. The time grows with the number of "
                "squares, or with the area of the complete frames");
  binder.Bind(
      "short-side", &crops.short_side, {0, 4096},
      "short side in pixels to which frames are resized before crops are cut out, or before "
      "they are scored whole. 0: the side of a crop; with --crops 10, 8/7 of that side");
  binder.Choice("probe", &probe,
                "find classes that need the order of frames. none: score clips only as they are");
  binder.Bind("shuffle-frames", &shuffle_frames,
              "score each clip only with its frames in random order, as a test: the accuracy that "
              "remains does not come from motion");
  binder.Bind("seed", &seed, {0, INT64_MAX},
              "number that decides the random orders of --shuffle-frames and --probe");
  binder.Bind("videos-per-part", &videos_per_part, {1, 1'000'000},
              "number of videos in each score file. A process that is killed loses the scores of "
              "at most one such file");
  binder.Bind("max-failed-fraction", &max_failed_fraction, {0, 1},
              "share of the videos, over all tasks, that may have damaged frames. If more have, "
              "the exit status is 3. Videos with damaged frames count as wrong",
              Effect::kRunOnly);
  compute.Bind(binder);
  binder.Bind(
      "loader-threads", &loader_threads, {0, 1024},
      "threads that read and decode clips; 0: as many as --threads. With --from-videos also "
      "the most videos that are prepared at a time, but at most one for each GB of memory "
      "that a process has for itself",
      Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite, "score all videos again, even if OUT_DIR already has scores",
              Effect::kOnce);
  slice.Bind(binder);
  sharing.Bind(binder);
}

void ScoreOptions::Check() {
  if (windows > 0 && (window_stride.frames > 0 || tail != TailRule::kLoop)) {
    throw UsageError(
        "--windows: spreads clips evenly, so --window-stride and --tail do not apply; leave them "
        "out, or --windows");
  }
  CheckPreparation();
  allow.Check();
  if (shuffle_frames && probe != Probe::kNone) {
    throw UsageError(
        "--probe order: scores each clip shuffled as well, so leave out --shuffle-frames");
  }
  sharing.Resolve(&slice, overwrite);
}

void ScoreOptions::CheckPreparation() const {
  const PreparationOptions unset = ScoreOptions().preparation;
  const std::pair<const char*, bool> given[] = {
      {"--height", preparation.height != unset.height},
      {"--prepared-short-side", preparation.short_side != unset.short_side},
      {"--quality", preparation.quality != unset.quality},
      {"--fps", preparation.fps != unset.fps},
      {"--interlaced", preparation.interlaced != unset.interlaced},
      {"--allow-truncated", allow_truncated}};
  for (const auto& [name, is_given] : given) {
    if (is_given && !from_videos) {
      throw UsageError(fmt::format(
          "{}: has no effect on shards, whose frames are prepared; it goes with --from-videos",
          name));
    }
  }
  preparation.Check();
}

namespace {

struct Counts {
  int64_t videos = 0, clips = 0, parts_kept = 0, num_truncated = 0;
  int64_t members = 0;                          // videos of this task, kept ones included
  std::map<std::string, std::string> warnings;  // by id
  std::vector<FailedItem> failed;

  void Add(const Counts& next) {
    videos += next.videos;
    clips += next.clips;
    parts_kept += next.parts_kept;
    members += next.members;
    num_truncated += next.num_truncated;
    warnings.insert(next.warnings.begin(), next.warnings.end());
    failed.insert(failed.end(), next.failed.begin(), next.failed.end());
  }
};

ClipScorerOptions ScorerOptions(const ScoreOptions& options, int threads) {
  ClipScorerOptions scorer;
  scorer.subset = options.subset;
  scorer.window_stride = options.window_stride;
  scorer.windows = options.windows;
  scorer.crops = options.crops;
  scorer.tail = options.tail;
  scorer.orders = options.shuffle_frames ? std::vector<FrameOrder>{FrameOrder::kShuffled}
                                         : OrdersOf(options.probe);
  scorer.seed = options.seed;
  scorer.videos_per_part = options.videos_per_part;
  scorer.decoding = options.compute.decoding;
  scorer.batch = options.compute.batch;
  scorer.loader_threads = options.loader_threads > 0 ? options.loader_threads : threads;
  return scorer;
}

// Scores the parts of `slice`.
Counts ScoreParts(const StageOutput& output, const TaskSlice& slice, ScoreFolders* folders,
                  ClipScorer* scorer, WorkNotes* notes) {
  Counts counts;
  const int num_parts = scorer->NumParts();
  Progress progress("parts", (num_parts - slice.task + slice.tasks - 1) / slice.tasks);
  for (int number = slice.task; number < num_parts; number += slice.tasks) {
    const std::string name = ScoreFileName(number);
    ScorePart part = scorer->PlanPart(number);
    folders->NameSettings(&part.scores);
    const auto num_videos = static_cast<int64_t>(part.scores.front().videos.size());
    counts.members += num_videos;
    if (!output.must_redo() && folders->HaveScored(part.scores, part.has_clips)) {
      ++counts.parts_kept;
    } else {
      notes->Begin(name);
      scorer->Score(&part);
      if (!notes->IsOurs() && output.IsTaskDone(slice.task)) {
        break;  // on another processor the successor's scores may differ in the last digits
      }
      folders->Write(part.scores);
      if (part.failed.empty()) {  // others are scored again each time
        notes->CountFinished();
      }
      notes->End(name);
      counts.videos += num_videos - static_cast<int64_t>(part.failed.size());
      counts.clips += static_cast<int64_t>(part.scores.front().clips.size());
      counts.num_truncated += part.num_truncated;
      counts.warnings.merge(part.warnings);
      counts.failed.insert(counts.failed.end(), part.failed.begin(), part.failed.end());
    }
    progress.Advance();
  }
  return counts;
}

nlohmann::ordered_json ClipToJson(const ClipScorerOptions& options, const TrainedNetwork& trained,
                                  bool from_videos) {
  return {{"from_videos", from_videos},
          {"frames", trained.recipe.shape.length},
          {"frame_stride", trained.recipe.shape.stride},
          {"size", trained.recipe.size},
          {"crops", NameOf(options.crops.crops)},
          {"short_side", options.crops.ShortSide(trained.recipe.size)},
          {"decoding", NameOf(options.decoding)}};
}

// The names and checks that the reports of all tasks repeat.
struct Scored {
  std::string checkpoint;
  nlohmann::ordered_json doubts, clip;  // clip: how clips are made, for those who show one
};

nlohmann::ordered_json ReportOf(const Counts& counts, const Scored& scored, double seconds) {
  return {{"videos", counts.videos},
          {"clips", counts.clips},
          {"num_failed", counts.failed.size()},
          {"num_truncated", counts.num_truncated},
          {"parts_kept", counts.parts_kept},
          {"warnings", counts.warnings},
          {"checkpoint", scored.checkpoint},
          {"clip", scored.clip},
          {"clips_per_s", static_cast<double>(counts.clips) / seconds},
          {"doubts", scored.doubts}};  // evaluate-scores repeats them
}

// Scores the share of this task or, with --share-work, slice after slice. Returns the result
// without its text.
ToolResult ScoreShare(const ScoreOptions& options, const StageOutput& output, const Scored& scored,
                      const Stopwatch& clock, ScoreFolders* folders, ClipScorer* scorer) {
  ToolResult result;
  bool is_whole = false;
  if (!options.sharing.is_on()) {
    WorkNotes no_notes;
    const Counts counts = ScoreParts(output, options.slice, folders, scorer, &no_notes);
    result.json = ReportOf(counts, scored, clock.Seconds());
    is_whole = output.Finish(
        result.json, counts.failed,
        {counts.members, static_cast<int64_t>(counts.failed.size()), options.max_failed_fraction});
  } else {
    Counts sum;
    const auto work = [&](const SliceTurn& turn) {
      const Stopwatch of_slice;
      const Counts counts = ScoreParts(turn.output, turn.slice, folders, scorer, turn.notes);
      sum.Add(counts);
      return SliceResult{ReportOf(counts, scored, of_slice.Seconds()), counts.failed,
                         counts.members};
    };
    is_whole =
        RunSharedStage({output, options.sharing, options.sharing.SlicesOf(scorer->NumParts()),
                        options.max_failed_fraction, work});
    result.json = ReportOf(sum, scored, clock.Seconds());
  }
  result.exit_status = is_whole ? kExitDone : kExitInput;
  return result;
}

StageRun StageOf(const ScoreOptions& options, const std::string& checkpoint,
                 const std::string& data) {
  StageRun run{
      options.out_dir,     "score-videos",
      SettingsOf(options), {{options.network.checkpoint, checkpoint}, {options.shards_dir, data}},
      options.overwrite,   options.slice};
  run.is_shared = options.sharing.is_on();
  return run;
}

ToolResult Score(const ScoreOptions& options, const Place& place) {
  const Stopwatch clock;
  if (options.sharing.is_on()) {
    ReceiveStopSignalsInOwnThread();
  }
  at::set_num_threads(place.threads);
  const ClipScorerOptions scoring = ScorerOptions(options, place.threads);
  ScoreFolders::RequireOwn(options.out_dir, scoring.orders);
  const ScoreSource source = OpenSource(options, scoring.loader_threads, place);
  ChooseKernels(/*deterministic=*/false,
                /*has_many_shapes=*/options.crops.crops == ScoringCrop::kWhole);
  TrainedNetwork trained = LoadTrainedNetwork(options.network, place.device,
                                              options.compute.precision, options.compute.batch);
  const std::vector<TrainingDifference> differences =
      CompareWithTraining(source, trained, options.allow);
  const std::unique_ptr<ClipScorer> scorer = source.make_scorer(scoring, trained, place.device);
  trained.network->AbsorbBatchNorms();
  const StageOutput output(StageOf(options, trained.identity, source.identity));
  ScoreFolders folders(output.folder(), scoring.orders, output.settings());
  folders.RemoveOthers(scorer->NumParts());
  folders.CarryPassports(PassportOfScores(source, trained, differences), trained.trained_on);
  std::vector<Doubt> doubts = source.doubts;
  if (!differences.empty()) {
    doubts.push_back({DoubtKind::kUnlikeTraining, {}, AcceptedSentence(differences)});
  }
  return ScoreShare(
      options, output,
      {trained.identity, DoubtsToJson(doubts), ClipToJson(scoring, trained, options.from_videos)},
      clock, &folders, scorer.get());
}

std::string TextOf(const nlohmann::ordered_json& json) {
  const auto count = [&](const char* name) { return json.at(name).get<int64_t>(); };
  std::string text =
      fmt::format("{}, {} scored by {}", Count(count("videos"), "video"),
                  Count(count("clips"), "clip"), json.at("checkpoint").get<std::string>());
  if (count("parts_kept") > 0) {
    text += fmt::format("; {} already there", Count(count("parts_kept"), "score file"));
  }
  if (count("num_failed") > 0) {
    text += fmt::format("; {} failed, see failed.tsv", Count(count("num_failed"), "video"));
  }
  return text + '\n';
}

// Scores this rank's share of the task, and joins the results of all ranks.
ToolResult ScoreTogether(ScoreOptions options, const World& world) {
  const at::Device device = ChooseDevice(options.compute.device, world);
  const int cores = CpuShare(world);  // collective, so it is called even if --threads is given
  if (!options.sharing.is_on()) {
    options.slice.DivideOverRanks(world.rank(), world.size());
  }
  const Stopwatch clock;
  const std::vector<std::string> hosts = world.Gather(world.host());
  ToolResult result =
      Score(options, {device, options.compute.threads > 0 ? options.compute.threads : cores,
                      static_cast<int>(std::count(hosts.begin(), hosts.end(), world.host()))});
  // Only the rank that finishes last knows whether too many videos failed.
  result.exit_status = static_cast<int>(world.Max(result.exit_status));
  nlohmann::ordered_json sum = nlohmann::ordered_json::object();
  for (const std::string& of_rank : world.Gather(FormatJson(result.json))) {
    sum = Joined(std::move(sum), nlohmann::ordered_json::parse(of_rank));
  }
  sum["clips_per_s"] = static_cast<double>(sum.at("clips").get<int64_t>()) / clock.Seconds();
  result.json = std::move(sum);
  return result;
}

// Scores without MPI, which takes a moment to start, if no launcher started this process. Processes
// that srun starts together may be separate tasks, but only if each gets its own --task,
// or if they share the work.
ToolResult ScoreAlone(const ScoreOptions& options) {
  if (options.slice.task_option < 0 && !options.sharing.is_on()) {
    RequireOthersFound(1);
  }
  ToolResult result;
  WithTorchErrors([&] {
    result = Score(options,
                   {ChooseDevice(options.compute.device), ThreadCount(options.compute.threads)});
  });
  result.text = TextOf(result.json);
  return result;
}

}  // namespace

ToolResult RunScoring(const ScoreOptions& options) {
  KeepFreedMemory();
  if (!LaunchedRank()) {
    return ScoreAlone(options);
  }
  const World world;
  if (world.size() > 1) {
    InitLog("score-videos", fmt::format("rank {}", world.rank()));
  }
  ToolResult result;
  world.Run([&] { WithTorchErrors([&] { result = ScoreTogether(options, world); }); });
  if (world.is_main()) {
    result.text = TextOf(result.json);
  } else {
    result.json = nullptr;  // only rank 0 prints a result
  }
  return result;
}

}  // namespace reel3d
