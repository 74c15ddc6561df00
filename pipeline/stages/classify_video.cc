// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/classify_video.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
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
#include "lib/video/caption.h"
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

// Returns the last window that has begun at this frame. `clips` are in order of time.
size_t WindowAt(const std::vector<Clip>& clips, int64_t frame) {
  const auto later =
      std::upper_bound(clips.begin(), clips.end(), frame,
                       [](int64_t at, const Clip& clip) { return at < clip.frames.front(); });
  return later == clips.begin() ? 0 : static_cast<size_t>(later - clips.begin()) - 1;
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
  RemoveStaleTemporaries(SystemTemporaryFolder());  // of runs that were killed
  at::set_num_threads(ThreadCount(options.compute.threads));
  TrainedNetwork trained =
      LoadTrainedNetwork(options.network, device, options.compute.precision, options.compute.batch);
  trained.options.CheckClips(trained.recipe.shape.length, trained.recipe.size, trained.recipe.size);
  trained.network->AbsorbBatchNorms();
  return trained;
}

// Returns how the videos are prepared, and in what that differs from the training. Throws as
// RequireLikeTraining() does.
PreparationOptions PreparationOf(const ClassifyVideoOptions& options, const TrainedNetwork& trained,
                                 std::vector<TrainingDifference>* differences) {
  PreparationOptions preparation = PreparationFor(options.preparation, trained.trained_on);
  if (preparation.height == 0) {  // of no effect with a short side
    preparation.height = PreparationOptions::kHeight;
  }
  *differences = RequireLikeTraining("the videos", preparation.Facts(), trained.trained_on,
                                     trained.differences, options.allow);
  return preparation;
}

class Classifier {
 public:
  Classifier(const ClassifyVideoOptions& options, at::Device device)
      : options_(options),
        averaging_(options.averaging.Rule()),
        worker_({"/proc/self/exe", static_cast<double>(options.limits.stall_timeout), 0,
                 options.limits.worker_memory}),
        trained_(LoadForVideos(options, device)),
        preparation_(PreparationOf(options, trained_, &differences_)),
        runner_(trained_.network, trained_.recipe,
                {options.compute.batch, ThreadCount(options.compute.threads),
                 options.compute.decoding, BadClips::kThrow},
                device) {
    ClassToExplain(options.explain.class_name, trained_.classes, 0);  // before the work
  }

  const std::string& identity() const { return trained_.identity; }
  const std::vector<TrainingDifference>& differences() const { return differences_; }

  Json Classify(const std::string& file, Progress* progress) {
    PrepareRequest request = preparation_.Request();
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
    WriteTables(windows);
    Json json = Describe(file, video, clips, windows);
    CaptionWriter captions;
    if (!options_.annotate.empty()) {
      Annotate(video, clips, windows, &captions);
    }
    if (!options_.explain.file.empty()) {
      json["explained"] = Explain(video, clips, windows, &captions);
    }
    if (!captions.note().empty()) {
      LogWarn(captions.note());
    }
    return json;
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

  void WriteTables(const ScoredWindows& windows) const {
    const TimelineOptions& timeline = options_.timeline;
    if (!timeline.timeline.empty()) {
      WriteFileAtomically(timeline.timeline,
                          FormatTimeline(windows, timeline.scores, options_.top));
    }
    if (!timeline.segments.empty()) {
      WriteFileAtomically(timeline.segments,
                          FormatSegments(SegmentsOf(windows, timeline.rules), windows.classes));
    }
  }

  // Writes on each frame the best class of the last window that has begun by then.
  void Annotate(const RawVideo& video, const std::vector<Clip>& clips, const ScoredWindows& windows,
                CaptionWriter* captions) const {
    AnnotateVideo(video.prepared(), options_.annotate, 0, [&](int64_t frame, YuvImage* picture) {
      const std::vector<double> scores = windows.Scores(WindowAt(clips, frame), 1);
      const RankedClass best = Best(scores, windows.classes, 1).front();
      captions->Draw(best.name, fmt::format("{:.2f}", best.score), picture);
    });
  }

  // Writes the heat of one class, and on each frame its probability in the current window.
  Json Explain(const RawVideo& video, const std::vector<Clip>& clips, const ScoredWindows& windows,
               CaptionWriter* captions) {
    const std::vector<double> scores = windows.Scores(0, windows.size());
    const auto best =
        static_cast<size_t>(TopClasses(scores.data(), static_cast<int>(scores.size()), 1).front());
    const size_t chosen = ClassToExplain(options_.explain.class_name, windows.classes, best);
    const Explanation explanation = ExplainVideo(video, clips, chosen, options_.explain.finer,
                                                 options_.compute.batch, &trained_, &runner_);
    const auto [steps, rows, columns] = explanation.places;
    if (options_.explain.finer == 0 && rows * columns < 16) {
      LogInfo(fmt::format(
          "the heat has only {} x {} x {} places in time, height and width of a window; "
          "--explain-finer 2 gives more",
          steps, rows, columns));
    }
    WriteHeatVideo(video, explanation, trained_.recipe.size, options_.explain.file,
                   [&](int64_t frame, YuvImage* picture) {
                     const double share = windows.Probabilities(WindowAt(clips, frame))[chosen];
                     captions->Draw(explanation.class_name, fmt::format("{:.2f}", share), picture);
                   });
    return explanation.ToJson();
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
  std::vector<TrainingDifference> differences_;
  PreparationOptions preparation_;
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
  result.json = {{"checkpoint", classifier.identity()},
                 {"videos", done},
                 {"failed", failed},
                 {"training_differences", DifferencesToJson(classifier.differences())}};
  return result;
}

}  // namespace

void ClassifyVideoOptions::Bind(OptionBinder& binder) {
  network.Bind(binder);
  binder.Positional("VIDEO", &videos, "video files of any kind");
  preparation.Bind(binder);
  allow.Bind(binder);
  binder.Bind("top", &top, {1, 100'000}, "classes to name, best first");
  window_stride.Bind(binder);
  averaging.Bind(binder);
  binder.Bind("windows", &windows, "print the best class of each window too; --json always does");
  binder.Bind("annotate", &annotate,
              "write the prepared video to this .mp4 file, with the class and score of the current "
              "window on each frame; requires a single VIDEO. Empty: write no video");
  explain.Bind(binder);
  timeline.Bind(binder);
  binder.Bind("overwrite", &overwrite,
              "replace the files of --annotate, --explain, --timeline and --segments if they exist",
              Effect::kOnce);
  binder.Bind("max-failed-fraction", &max_failed_fraction, {0, 1},
              "share of the videos that may be unreadable or without finite scores; above it the "
              "status is 3");
  compute.Bind(binder);
  limits.Bind(binder);
}

void ClassifyVideoOptions::Check() const {
  preparation.Check();
  allow.Check();
  struct Output {
    const char *option, *extension;
    const std::string& file;
  };
  const std::vector<Output> outputs = {{"--annotate", ".mp4", annotate},
                                       {"--explain", ".mp4", explain.file},
                                       {"--timeline", ".tsv", timeline.timeline},
                                       {"--segments", ".tsv", timeline.segments}};
  std::map<fs::path, std::string> options_of;
  for (const Output& output : outputs) {
    if (output.file.empty()) {
      continue;
    }
    CheckOutput(output.option, output.file, output.extension, *this);
    const auto [place, is_new] =
        options_of.emplace(fs::weakly_canonical(fs::absolute(output.file)), output.option);
    if (!is_new) {
      throw UsageError(
          fmt::format("{} and {} name the same file: name two", place->second, output.option));
    }
  }
  explain.Check();
}

ToolResult RunClassification(const ClassifyVideoOptions& options) {
  ToolResult result;
  WithTorchErrors([&] { result = Classify(options); });
  return result;
}

}  // namespace reel3d
