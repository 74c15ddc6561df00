// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/score_videos.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/base/progress.h"
#include "lib/base/timer.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/eval/score_file.h"
#include "lib/model/freed_memory.h"
#include "lib/shard/data_doubts.h"
#include "pipeline/stages/clip_scorer.h"
#include "pipeline/support/load_network.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Returns true if an earlier run has scored all of `planned`. A video that failed then is tried
// again.
bool IsScored(const fs::path& file, const Scores& planned) {
  if (!fs::exists(file)) {
    return false;
  }
  try {
    const Scores there = ReadScores(file);
    return there.checkpoint == planned.checkpoint && there.data == planned.data &&
           there.settings == planned.settings && there.num_parts == planned.num_parts &&
           there.num_videos_expected == planned.num_videos_expected &&
           there.clips.size() == planned.clips.size();
  } catch (const Error& error) {
    LogWarn(fmt::format("scoring again: {}", error.what()));
    return false;
  }
}

// Removes the parts that an earlier run with more parts left behind.
void RemoveOtherParts(const fs::path& folder, int num_parts) {
  static const std::regex pattern("scores-([0-9]{5})\\.h5");
  std::vector<fs::path> others;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    std::smatch match;
    if (std::regex_match(name, match, pattern) && std::stoi(match[1]) >= num_parts) {
      others.push_back(entry.path());
    }
  }
  for (const fs::path& path : others) {
    LogInfo(fmt::format("removing {}: of an earlier plan", path.string()));
    std::error_code another_task_did;
    fs::remove(path, another_task_did);
  }
}

void RequireSameClasses(const TrainedNetwork& trained, const ShardSet& shards) {
  const std::string difference = ClassDifference({"the checkpoint", trained.classes},
                                                 {shards.folder().string(), shards.classes()});
  if (!difference.empty()) {
    throw InputError(fmt::format(
        "{}: they are of different data sets, or pack-shards needs --classes", difference));
  }
}

}  // namespace

void ScoreOptions::Bind(OptionBinder& binder) {
  binder.Positional("CHECKPOINT", &checkpoint,
                    "folder step-... of train-r3d, or a link to one; or a file of weights (.pth, "
                    ".safetensors; FILE:ENTRY if it holds several)");
  binder.Positional("SHARDS_DIR", &shards_dir, "folder made by pack-shards");
  binder.Positional("OUT_DIR", &out_dir,
                    "folder for score files; an earlier run in it is continued");
  weights.Bind(binder);
  binder.Choice("subset", &subset, "which videos to score");
  binder.Bind("window-stride", &window_stride, {0, 100'000},
              "frames from one clip to the next; 0: the clip's length, so that none overlap");
  binder.Choice("tail", &tail, "what to do with the last, shorter clip of a video");
  binder.Bind("shuffle-frames", &shuffle_frames,
              "score each clip with its frames in random order, as a test: the accuracy that "
              "remains does not come from motion");
  binder.Bind("seed", &seed, {0, INT64_MAX}, "number that decides the order of --shuffle-frames");
  binder.Bind(
      "videos-per-part", &videos_per_part, {1, 1'000'000},
      "videos in each score file; at most the scores of so many are lost when the stage is killed");
  binder.Bind("max-failed-fraction", &max_failed_fraction, {0, 1},
              "share of the videos, over all tasks, that may have damaged frames; above it the "
              "stage fails with status 3. These videos count as wrong",
              Effect::kRunOnly);
  binder.Choice("decoding", &decoding, "how frames become pixels");
  precision.Bind(binder);
  binder.Bind("batch", &batch, {1, 100'000}, "clips computed at once; more take more memory");
  binder.Bind("threads", &threads, {0, 1024}, "compute threads; 0: all cores", Effect::kRunOnly);
  binder.Bind("loader-threads", &loader_threads, {0, 1024},
              "threads that read and decode clips; 0: as many as --threads", Effect::kRunOnly);
  binder.Choice("device", &device, "where to compute", Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite, "score everything again", Effect::kOnce);
  slice.Bind(binder);
}

void ScoreOptions::Check() { slice.Resolve(); }

namespace {

struct Counts {
  int64_t videos = 0, clips = 0, parts_kept = 0;
  int64_t members = 0;  // videos of this task, kept ones included
  std::vector<FailedItem> failed;
};

ClipScorerOptions ScorerOptions(const ScoreOptions& options, int threads) {
  return {options.subset,
          options.window_stride,
          options.tail,
          options.shuffle_frames,
          options.seed,
          options.videos_per_part,
          options.decoding,
          options.batch,
          options.loader_threads > 0 ? options.loader_threads : threads};
}

// Scores the parts of this task.
Counts ScoreParts(const ScoreOptions& options, const StageOutput& output, ClipScorer* scorer) {
  Counts counts;
  const int num_parts = scorer->NumParts();
  const int tasks = options.slice.tasks;
  std::string settings = output.settings();
  std::replace(settings.begin(), settings.end(), '\n', ';');
  Progress progress("parts", (num_parts - options.slice.task + tasks - 1) / tasks);
  for (int number = options.slice.task; number < num_parts; number += tasks) {
    const fs::path file = output.folder() / ScoreFileName(number);
    ScorePart part = scorer->PlanPart(number);
    part.scores.settings = settings;
    const auto num_videos = static_cast<int64_t>(part.scores.videos.size());
    counts.members += num_videos;
    if (!output.must_redo() && IsScored(file, part.scores)) {
      ++counts.parts_kept;
    } else {
      scorer->Score(&part);
      WriteScores(file, part.scores);
      counts.videos += num_videos - static_cast<int64_t>(part.failed.size());
      counts.clips += static_cast<int64_t>(part.scores.clips.size());
      counts.failed.insert(counts.failed.end(), part.failed.begin(), part.failed.end());
    }
    progress.Advance();
  }
  return counts;
}

ToolResult Score(const ScoreOptions& options) {
  const Stopwatch clock;
  const at::Device device = ChooseDevice(options.device);
  const int threads = ThreadCount(options.threads);
  at::set_num_threads(threads);
  const ShardSet shards(options.shards_dir);
  ChooseKernels(/*deterministic=*/false);
  TrainedNetwork trained =
      LoadTrainedNetwork(options.checkpoint, options.weights, device, options.precision);
  RequireSameClasses(trained, shards);
  trained.network->AbsorbBatchNorms();
  ClipScorer scorer(ScorerOptions(options, threads), shards, trained, device);
  const StageOutput output({options.out_dir,
                            "score-videos",
                            SettingsOf(options),
                            {{options.checkpoint, trained.identity},
                             {options.shards_dir, fmt::format("{:08x}", shards.fingerprint())}},
                            options.overwrite,
                            options.slice});
  RemoveOtherParts(output.folder(), scorer.NumParts());
  const Counts counts = ScoreParts(options, output, &scorer);
  const auto num_failed = static_cast<int64_t>(counts.failed.size());
  ToolResult result;
  result.json = {{"videos", counts.videos},
                 {"clips", counts.clips},
                 {"num_failed", num_failed},
                 {"parts_kept", counts.parts_kept},
                 {"checkpoint", trained.identity},
                 {"clips_per_s", static_cast<double>(counts.clips) / clock.Seconds()},
                 {"doubts", DoubtsToJson(DataDoubts(shards))}};  // evaluate-scores says them again
  const bool whole = output.Finish(result.json, counts.failed,
                                   {counts.members, num_failed, options.max_failed_fraction});
  result.text = fmt::format("{}, {} scored by {}", Count(counts.videos, "video"),
                            Count(counts.clips, "clip"), trained.identity);
  if (counts.parts_kept > 0) {
    result.text += fmt::format("; {} already there", Count(counts.parts_kept, "score file"));
  }
  if (num_failed > 0) {
    result.text += fmt::format("; {} failed, see failed.tsv", Count(num_failed, "video"));
  }
  result.text += '\n';
  result.exit_status = whole ? kExitDone : kExitInput;
  return result;
}

}  // namespace

ToolResult RunScoring(const ScoreOptions& options) {
  KeepFreedMemory();
  ToolResult result;
  WithTorchErrors([&] { result = Score(options); });
  return result;
}

}  // namespace reel3d
