// SPDX-License-Identifier: Apache-2.0
#include "pipeline/score_videos.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "lib/base/timer.h"
#include "lib/dist/device.h"
#include "lib/eval/score_file.h"
#include "lib/loader/batch_loader.h"
#include "lib/loader/sampler.h"
#include "lib/model/freed_memory.h"
#include "lib/train/epoch_data.h"
#include "pipeline/trained_network.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

TailRule ParseTail(const std::string& name) {
  return name == "loop"       ? TailRule::kLoop
         : name == "loop2018" ? TailRule::kLoop2018
                              : TailRule::kDrop2017;
}

// The same clip with its frames in an order drawn for it: motion is gone, every image stays.
void ShuffleFrames(Clip& clip, Rng rng) {
  for (size_t i = clip.frames.size(); i > 1; --i) {
    std::swap(clip.frames[i - 1],
              clip.frames[static_cast<size_t>(rng.Below(static_cast<int64_t>(i)))]);
  }
}

class Scorer {
 public:
  Scorer(const ScoreOptions& options, const ShardSet& shards, TrainedNetwork trained,
         at::Device device, int threads)
      : options_(options),
        shards_(shards),
        trained_(std::move(trained)),
        device_(device),
        loader_options_{trained_.options.clip.length, trained_.options.crop.size,
                        options.loader_threads > 0 ? options.loader_threads : threads, 3} {}

  // Scores videos[begin, end) of the subset. Rows of Scores::videos are those places.
  Scores ScorePart(const std::vector<size_t>& members, int part, int num_parts) {
    Scores scores;
    scores.checkpoint = trained_.identity;
    scores.data = fmt::format("{:08x}", shards_.fingerprint());
    scores.subset = options_.subset;
    scores.part = part;
    scores.num_parts = num_parts;
    scores.num_videos_expected = static_cast<int64_t>(members.size());
    scores.classes = trained_.classes;
    const size_t begin = static_cast<size_t>(part) * PartSize();
    const size_t end = std::min(begin + PartSize(), members.size());
    std::vector<ClipRequest> requests;
    for (size_t place = begin; place < end; ++place) {
      const IndexedVideo& video = shards_.videos()[members[place]];
      scores.videos.push_back({video.id, video.label});
      AddClips(members[place], static_cast<uint32_t>(place - begin), scores, requests);
    }
    Forward(std::move(requests), scores);
    return scores;
  }

  size_t PartSize() const { return static_cast<size_t>(options_.videos_per_part); }

 private:
  void AddClips(size_t member, uint32_t row, Scores& scores,
                std::vector<ClipRequest>& requests) const {
    const IndexedVideo& video = shards_.videos()[member];
    const ClipShape& shape = trained_.options.clip;
    const int stride = options_.window_stride > 0 ? options_.window_stride : shape.length;
    for (Clip& clip : SlidingClips(video.num_frames, shape, stride, ParseTail(options_.tail))) {
      const auto first_frame = static_cast<uint32_t>(clip.frames.front());
      scores.clips.push_back({row, first_frame, static_cast<uint16_t>(clip.num_distinct)});
      if (options_.shuffle_frames) {
        ShuffleFrames(clip,
                      Rng(static_cast<uint64_t>(options_.seed), StableHash(video.id), first_frame));
      }
      requests.push_back({member, video.label, std::move(clip), Rng(0)});
    }
  }

  void Forward(std::vector<ClipRequest> clips, Scores& scores) {
    const at::NoGradGuard no_grad;
    BatchRequests requests = BatchesOf(std::move(clips), options_.batch);
    requests.crop = [&](FrameSize frame, Rng& /*rng*/) {
      return CenterCrop(frame, trained_.options.crop.size);
    };
    BatchLoader loader(std::move(requests), ShardFrames(shards_), loader_options_);
    while (loader.Next(&batch_)) {
      const ClipBatch tensors =
          AsTensors(batch_, trained_.options.clip.length, trained_.options.crop.size);
      const at::Tensor logits =
          trained_.network->forward(ClipsToInput(tensors.pixels, trained_.options.input, device_))
              .to(at::kCPU, at::kFloat)
              .contiguous();
      const float* values = logits.data_ptr<float>();
      scores.logits.insert(scores.logits.end(), values, values + logits.numel());
    }
  }

  const ScoreOptions& options_;
  const ShardSet& shards_;
  TrainedNetwork trained_;
  at::Device device_;
  BatchLoaderOptions loader_options_;
  Batch batch_;
};

// A part of an earlier run that need not be scored again.
bool IsScored(const fs::path& file, const std::string& checkpoint, uint32_t fingerprint) {
  if (!fs::exists(file)) {
    return false;
  }
  try {
    const Scores scores = ReadScores(file);
    return scores.checkpoint == checkpoint && scores.data == fmt::format("{:08x}", fingerprint);
  } catch (const Error& error) {
    LogWarn(fmt::format("scoring again: {}", error.what()));
    return false;
  }
}

void RequireSameClasses(const TrainedNetwork& trained, const ShardSet& shards) {
  if (trained.classes == shards.classes()) {
    return;
  }
  throw InputError(fmt::format(
      "the checkpoint knows {} classes and {} has {}{}: they are of different data sets",
      trained.classes.size(), shards.folder().string(), shards.classes().size(),
      trained.classes.size() == shards.classes().size() ? " of other names" : ""));
}

}  // namespace

void ScoreOptions::Bind(OptionBinder& binder) {
  binder.Positional("CHECKPOINT", &checkpoint, "folder step-... of train-r3d, or a link to one");
  binder.Positional("SHARDS_DIR", &shards_dir, "folder made by pack-shards");
  binder.Positional("OUT_DIR", &out_dir, "score files; goes on where it stands");
  binder.Choice("subset", &subset, {"training", "validation", "testing"}, "which videos to score");
  binder.Bind("window-stride", &window_stride, {0, 100'000},
              "frames from one clip to the next; 0: the clip's length, so that none overlap");
  binder.Choice("tail", &tail, {"loop", "loop2018", "drop2017"},
                "the last, shorter clip of a video: looped and scored (2020 code); the same, but "
                "not of a single frame (2018); left out, with the last full one of an exact "
                "multiple (2017)");
  binder.Bind("shuffle-frames", &shuffle_frames,
              "a test: score each clip with its frames in random order; what is left of the "
              "accuracy did not come from motion");
  binder.Bind("seed", &seed, {0, INT64_MAX}, "decides the order of --shuffle-frames");
  binder.Bind("videos-per-part", &videos_per_part, {1, 1'000'000},
              "videos in each score file; what is lost when the stage is killed");
  binder.Bind("batch", &batch, {1, 100'000}, "clips computed at once; costs memory");
  binder.Bind("threads", &threads, {0, 1024}, "compute threads; 0: all cores", Effect::kRunOnly);
  binder.Bind("loader-threads", &loader_threads, {0, 1024},
              "threads that read and decode clips; 0: as many as --threads", Effect::kRunOnly);
  binder.Choice("device", &device, {"auto", "cpu", "cuda"}, "where to compute", Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite, "score everything anew", Effect::kRunOnly);
  slice.Bind(binder);
}

void ScoreOptions::Check() { slice.Resolve(); }

ToolResult RunScoring(const ScoreOptions& options) {
  KeepFreedMemory();
  const Stopwatch clock;
  const at::Device device = ChooseDevice(options.device);
  const int threads = ThreadCount(options.threads);
  at::set_num_threads(threads);
  const ShardSet shards(options.shards_dir);
  TrainedNetwork trained = LoadTrainedNetwork(options.checkpoint, device);
  RequireSameClasses(trained, shards);
  const std::string identity = trained.identity;
  const std::vector<size_t> members = VideosOfSubset(shards.videos(), ParseSubset(options.subset));
  if (members.empty()) {
    throw InputError(fmt::format("{} holds no {} videos", options.shards_dir, options.subset));
  }
  ScoreOptions shown = options;
  StageOutput output(options.out_dir, "score-videos", FormatConfig(shown),
                     FormatConfig(shown, /*only_output=*/true), options.overwrite, options.slice);
  Scorer scorer(options, shards, std::move(trained), device, threads);
  const int num_parts =
      static_cast<int>((members.size() + scorer.PartSize() - 1) / scorer.PartSize());
  int64_t num_videos = 0;
  int64_t num_clips = 0;
  int64_t num_kept = 0;
  Progress progress("parts", (num_parts + options.slice.tasks - 1) / options.slice.tasks);
  for (int part = options.slice.task; part < num_parts; part += options.slice.tasks) {
    const fs::path file = output.folder() / fmt::format("scores-{:05}.h5", part);
    if (!output.must_redo() && IsScored(file, identity, shards.fingerprint())) {
      ++num_kept;
      continue;
    }
    const Scores scores = scorer.ScorePart(members, part, num_parts);
    WriteScores(file, scores);
    num_videos += static_cast<int64_t>(scores.videos.size());
    num_clips += static_cast<int64_t>(scores.clips.size());
    progress.Advance();
  }
  ToolResult result;
  result.json = {{"videos", num_videos},
                 {"clips", num_clips},
                 {"parts_kept", num_kept},
                 {"checkpoint", identity},
                 {"clips_per_s", static_cast<double>(num_clips) / clock.Seconds()}};
  output.Finish(result.json, {}, /*whole=*/true);
  result.text = fmt::format("{} videos, {} clips scored by {}; {} parts were there already\n",
                            num_videos, num_clips, identity, num_kept);
  return result;
}

}  // namespace reel3d
