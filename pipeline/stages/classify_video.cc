// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/classify_video.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/eval/accuracy.h"
#include "lib/infer/clip_runner.h"
#include "lib/infer/clip_tensors.h"
#include "lib/model/freed_memory.h"
#include "pipeline/stages/annotate_video.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/load_network.h"
#include "pipeline/support/raw_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

struct RankedClass {
  std::string name;
  double score;
};

// Returns the `count` best classes.
std::vector<RankedClass> Best(const std::vector<double>& scores,
                              const std::vector<std::string>& classes, int count) {
  std::vector<RankedClass> ranked;
  for (const int index : TopClasses(scores.data(), static_cast<int>(scores.size()), count)) {
    const auto place = static_cast<size_t>(index);
    ranked.push_back({classes[place], scores[place]});
  }
  return ranked;
}

Json ToJson(const std::vector<RankedClass>& ranked) {
  Json json = Json::array();
  for (const RankedClass& one : ranked) {
    json.push_back({{"class", one.name}, {"score", one.score}});
  }
  return json;
}

int LastFrame(const Clip& clip) { return clip.frames[static_cast<size_t>(clip.num_distinct) - 1]; }

void RequireFinite(const ScoredWindows& windows) {
  const auto bad = std::find_if_not(windows.logits.begin(), windows.logits.end(),
                                    [](float logit) { return std::isfinite(logit); });
  if (bad != windows.logits.end()) {
    const auto place = static_cast<size_t>(bad - windows.logits.begin());
    const size_t window = place / windows.classes.size();
    throw InputError(fmt::format(
        "the network gives class '{}' a logit of {} from {:.3f} s to {:.3f} s: the model diverged "
        "or its weights are damaged",
        windows.classes[place % windows.classes.size()], *bad, windows.begins_s[window],
        windows.ends_s[window]));
  }
}

// Throws a usage error unless `file`, the value of `option`, can be written.
void CheckOutput(const std::string& option, const fs::path& file, const char* extension,
                 const ClassifyVideoOptions& options) {
  if (options.videos.size() != 1) {
    throw UsageError(fmt::format("{} writes one file: name one VIDEO", option));
  }
  if (file.extension() != extension) {
    throw UsageError(
        fmt::format("{} {}: a name that ends in {}", option, file.string(), extension));
  }
  std::error_code error;
  if (fs::equivalent(file, options.videos.front(), error)) {
    throw UsageError(
        fmt::format("{} {} would replace the VIDEO: name another file", option, file.string()));
  }
  if (fs::is_directory(file, error)) {
    throw UsageError(fmt::format("{} {}: is a folder", option, file.string()));
  }
  if (!options.overwrite && fs::exists(file)) {
    throw UsageError(file.string() + " is there already: --overwrite replaces it");
  }
  if (file.has_parent_path() && !fs::is_directory(file.parent_path())) {
    throw UsageError(fmt::format("{} {}: there is no folder {}; make it first", option,
                                 file.string(), file.parent_path().string()));
  }
}

// Loads the network of `options` and checks that the network accepts clips of its recipe's size.
TrainedNetwork LoadForVideos(const ClassifyVideoOptions& options, at::Device device) {
  KeepFreedMemory();
  RemoveStaleTemporaries(fs::temp_directory_path());  // of runs that were killed
  at::set_num_threads(ThreadCount(options.compute.threads));
  TrainedNetwork trained =
      LoadTrainedNetwork(options.network, device, options.compute.precision, options.compute.batch);
  trained.options.CheckClips(trained.recipe.shape.length, trained.recipe.size, trained.recipe.size);
  trained.network->AbsorbBatchNorms();
  return trained;
}

class Classifier {
 public:
  Classifier(const ClassifyVideoOptions& options, at::Device device)
      : options_(options),
        averaging_(options.averaging.Rule()),
        worker_({"/proc/self/exe", static_cast<double>(options.limits.stall_timeout), 0,
                 options.limits.worker_memory}),
        trained_(LoadForVideos(options, device)),
        runner_(trained_.network, trained_.recipe,
                {options.compute.batch, ThreadCount(options.compute.threads),
                 options.compute.decoding, BadClips::kThrow},
                device) {}

  const std::string& identity() const { return trained_.identity; }

  Json Classify(const std::string& file, Progress* progress) {
    PrepareRequest request = options_.preparation.Request();
    request.source = file;
    const RawVideo video(request, &worker_, [&](int64_t num_frames) {
      progress->Note(fmt::format("{} frames", num_frames));
    });
    if (video.summary().truncated) {
      LogWarn(fmt::format("{}: truncated, {} of about {} frames are there", file,
                          video.summary().num_frames, video.summary().expected_frames));
    }
    for (const std::string& note : video.summary().notes) {
      LogWarn(fmt::format("{}: {}", file, note));
    }
    const ClipShape& shape = trained_.recipe.shape;
    const std::vector<Clip> clips = SlidingClips(
        video.num_frames(), shape, options_.window_stride.For(shape.length), TailRule::kLoop);
    const ScoredWindows windows = Score(video, clips);
    WriteFiles(video, clips, windows);
    return Describe(file, video, clips, windows);
  }

 private:
  ScoredWindows Score(const RawVideo& video, const std::vector<Clip>& clips) {
    ScoredWindows windows = {trained_.classes, averaging_, {}, {}, Forward(video, clips)};
    for (const Clip& clip : clips) {
      windows.begins_s.push_back(video.BeginOf(clip.frames.front()));
      windows.ends_s.push_back(video.EndOf(LastFrame(clip)));
    }
    RequireFinite(windows);
    return windows;
  }

  std::vector<float> Forward(const RawVideo& video, const std::vector<Clip>& clips) {
    std::vector<float> all;
    video.ForEachGroup(
        clips, options_.compute.batch, [&](std::vector<ClipRequest> requests, FrameSource frames) {
          runner_.Run(
              std::move(requests), std::move(frames),
              [&](const Batch& /*batch*/, const at::Tensor& logits) { AppendRows(logits, &all); });
        });
    return all;
  }

  void WriteFiles(const RawVideo& video, const std::vector<Clip>& clips,
                  const ScoredWindows& windows) const {
    const TimelineOptions& timeline = options_.timeline;
    if (!timeline.timeline.empty()) {
      WriteFileAtomically(timeline.timeline,
                          FormatTimeline(windows, timeline.scores, options_.top));
    }
    if (!timeline.segments.empty()) {
      WriteFileAtomically(timeline.segments,
                          FormatSegments(SegmentsOf(windows, timeline.rules), windows.classes));
    }
    if (!options_.annotate.empty()) {
      Annotate(video, clips, windows);
    }
  }

  // Writes on each frame the best class of the last window that has begun by then.
  void Annotate(const RawVideo& video, const std::vector<Clip>& clips,
                const ScoredWindows& windows) const {
    size_t window = 0;
    AnnotateVideo(video.prepared(), options_.annotate, [&](int64_t frame) {
      while (window + 1 < clips.size() && clips[window + 1].frames.front() <= frame) {
        ++window;
      }
      const RankedClass best = Best(windows.Scores(window, 1), windows.classes, 1).front();
      return fmt::format("{} {:.2f}", best.name, best.score);
    });
  }

  Json Describe(const std::string& file, const RawVideo& video, const std::vector<Clip>& clips,
                const ScoredWindows& windows) const {
    const auto top = [&](size_t first, size_t count) {
      return ToJson(Best(windows.Scores(first, count), windows.classes, options_.top));
    };
    Json list = Json::array();
    for (size_t window = 0; window < windows.size(); ++window) {
      list.push_back({{"first_frame", clips[window].frames.front()},
                      {"begin_s", windows.begins_s[window]},
                      {"end_s", windows.ends_s[window]},
                      {"top", top(window, 1)}});
    }
    return {{"video", file},
            {"num_frames", video.num_frames()},
            {"fps", video.fps()},
            {"truncated", video.summary().truncated},
            {"top", top(0, windows.size())},
            {"windows", list},
            {"segments",
             SegmentsToJson(SegmentsOf(windows, options_.timeline.rules), windows.classes)}};
  }

  const ClassifyVideoOptions& options_;
  Averaging averaging_;
  PrepWorker worker_;  // starts its process before the network takes memory
  TrainedNetwork trained_;
  ClipRunner runner_;
};

std::string ToText(const Json& video, bool with_windows, bool with_segments) {
  std::string text = fmt::format("{}: {} frames, {} windows\n", video["video"].get<std::string>(),
                                 video["num_frames"].get<int>(), video["windows"].size());
  const auto line = [](const Json& one) {
    return fmt::format("{:6.3f}  {}\n", one["score"].get<double>(),
                       one["class"].get<std::string>());
  };
  for (const Json& one : video["top"]) {
    text += "        " + line(one);
  }
  for (const Json& window : with_windows ? video["windows"] : Json::array()) {
    text += fmt::format("{:8.2f} - {:7.2f} s  {}", window["begin_s"].get<double>(),
                        window["end_s"].get<double>(), line(window["top"][0]));
  }
  if (with_segments) {
    text += Count(static_cast<int64_t>(video["segments"].size()), "segment") + '\n';
  }
  for (const Json& segment : with_segments ? video["segments"] : Json::array()) {
    text += fmt::format("{:8.2f} - {:7.2f} s  {:6.3f}  {}\n", segment["begin_s"].get<double>(),
                        segment["end_s"].get<double>(), segment["mean_probability"].get<double>(),
                        segment["class"].get<std::string>());
  }
  return text;
}

ToolResult Classify(const ClassifyVideoOptions& options) {
  Classifier classifier(options, ChooseDevice(options.compute.device));
  std::vector<Json> videos(options.videos.size());
  const ItemLoopResult loop =
      RunItemLoop(options.videos, {"classify", "videos", 1}, [&](const ItemTurn& turn) {
        videos[turn.item] = classifier.Classify(options.videos[turn.item], turn.progress);
        return ItemOutcome::kDone;
      });
  ToolResult result;
  Json done = Json::array(), failed = Json::array();
  for (const Json& video : videos) {
    if (!video.is_null()) {
      done.push_back(video);
      result.text += ToText(video, options.windows, options.timeline.WritesAFile());
    }
  }
  for (const FailedItem& item : loop.failed) {
    failed.push_back({{"video", item.id}, {"reason", item.reason}});
  }
  const auto allowed = options.max_failed_fraction * static_cast<double>(videos.size());
  result.exit_status = static_cast<double>(failed.size()) > allowed ? kExitInput : kExitDone;
  result.json = {{"checkpoint", classifier.identity()}, {"videos", done}, {"failed", failed}};
  return result;
}

}  // namespace

void ClassifyVideoOptions::Bind(OptionBinder& binder) {
  network.Bind(binder);
  binder.Positional("VIDEO", &videos, "video files of any kind");
  preparation.Bind(binder);
  binder.Bind("top", &top, {1, 100'000}, "classes to name, best first");
  window_stride.Bind(binder);
  averaging.Bind(binder);
  binder.Bind("windows", &windows, "print the best class of each window too; --json always does");
  binder.Bind("annotate", &annotate,
              "write the prepared video to this .mp4 file, with the class and score of the current "
              "window on each frame; requires a single VIDEO. Empty: write no video");
  timeline.Bind(binder);
  binder.Bind("overwrite", &overwrite,
              "replace the files of --annotate, --timeline and --segments if they exist",
              Effect::kOnce);
  binder.Bind("max-failed-fraction", &max_failed_fraction, {0, 1},
              "share of the videos that may be unreadable or without finite scores; above it the "
              "status is 3");
  compute.Bind(binder);
  limits.Bind(binder);
}

void ClassifyVideoOptions::Check() const {
  preparation.Check();
  if (!annotate.empty()) {
    CheckOutput("--annotate", annotate, ".mp4", *this);
  }
  if (!timeline.timeline.empty()) {
    CheckOutput("--timeline", timeline.timeline, ".tsv", *this);
  }
  if (!timeline.segments.empty()) {
    CheckOutput("--segments", timeline.segments, ".tsv", *this);
  }
  if (!timeline.segments.empty() && !timeline.timeline.empty() &&
      fs::weakly_canonical(timeline.segments) == fs::weakly_canonical(timeline.timeline)) {
    throw UsageError("--timeline and --segments name the same file: name two");
  }
}

ToolResult RunClassification(const ClassifyVideoOptions& options) {
  ToolResult result;
  WithTorchErrors([&] { result = Classify(options); });
  return result;
}

}  // namespace reel3d
