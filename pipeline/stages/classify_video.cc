// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/classify_video.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <filesystem>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/averaging.h"
#include "lib/infer/clip_runner.h"
#include "lib/infer/clip_tensors.h"
#include "lib/model/freed_memory.h"
#include "pipeline/stages/annotate_video.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/load_network.h"
#include "pipeline/support/raw_video.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

struct RankedClass {
  std::string name;
  double score;
};

// Loads the network of `options` and checks that the network accepts clips of its recipe's size.
TrainedNetwork LoadForVideos(const ClassifyVideoOptions& options, at::Device device) {
  KeepFreedMemory();
  RemoveStaleTemporaries(std::filesystem::temp_directory_path());  // of runs that were killed
  at::set_num_threads(ThreadCount(options.compute.threads));
  TrainedNetwork trained = LoadTrainedNetwork(options.network, device, options.compute.precision);
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
    const std::vector<float> logits = Forward(video, clips);
    if (!options_.annotate.empty()) {
      Annotate(video, clips, logits);
    }
    return ToJson(file, video, clips, logits);
  }

 private:
  size_t num_classes() const { return trained_.classes.size(); }

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

  // Averages the windows [first, first + count) and returns the `top` best classes.
  std::vector<RankedClass> Rank(const std::vector<float>& logits, size_t first, size_t count,
                                int top) const {
    std::vector<const float*> rows;
    for (size_t clip = first; clip < first + count; ++clip) {
      rows.push_back(&logits.at(clip * num_classes()));
    }
    const std::vector<double> scores = AverageClips(rows, num_classes(), averaging_);
    std::vector<RankedClass> ranked;
    for (const int index : TopClasses(scores.data(), static_cast<int>(num_classes()), top)) {
      const auto place = static_cast<size_t>(index);
      ranked.push_back({trained_.classes[place], scores[place]});
    }
    return ranked;
  }

  // Writes on each frame the best class of the last window that has begun by then.
  void Annotate(const RawVideo& video, const std::vector<Clip>& clips,
                const std::vector<float>& logits) const {
    size_t window = 0;
    AnnotateVideo(video.prepared(), options_.annotate, [&](int64_t frame) {
      while (window + 1 < clips.size() && clips[window + 1].frames.front() <= frame) {
        ++window;
      }
      const RankedClass best = Rank(logits, window, 1, 1).front();
      return fmt::format("{} {:.2f}", best.name, best.score);
    });
  }

  static Json ToJson(const std::vector<RankedClass>& ranked) {
    Json json = Json::array();
    for (const RankedClass& one : ranked) {
      json.push_back({{"class", one.name}, {"score", one.score}});
    }
    return json;
  }

  Json ToJson(const std::string& file, const RawVideo& video, const std::vector<Clip>& clips,
              const std::vector<float>& logits) const {
    Json windows = Json::array();
    for (size_t clip = 0; clip < clips.size(); ++clip) {
      const std::vector<int>& frames = clips[clip].frames;
      const int last = frames[static_cast<size_t>(clips[clip].num_distinct) - 1];
      windows.push_back({{"first_frame", frames.front()},
                         {"begin_s", frames.front() / video.fps()},
                         {"end_s", (last + 1) / video.fps()},
                         {"top", ToJson(Rank(logits, clip, 1, options_.top))}});
    }
    return {{"video", file},
            {"num_frames", video.num_frames()},
            {"fps", video.fps()},
            {"truncated", video.summary().truncated},
            {"top", ToJson(Rank(logits, 0, clips.size(), options_.top))},
            {"windows", windows}};
  }

  const ClassifyVideoOptions& options_;
  Averaging averaging_;
  PrepWorker worker_;  // starts its process before the network takes memory
  TrainedNetwork trained_;
  ClipRunner runner_;
};

std::string ToText(const Json& video, bool with_windows) {
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
      result.text += ToText(video, options.windows);
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
  binder.Bind("overwrite", &overwrite, "replace the file of --annotate if it exists",
              Effect::kOnce);
  binder.Bind("max-failed-fraction", &max_failed_fraction, {0, 1},
              "share of the videos that may be unreadable; above it the status is 3");
  compute.Bind(binder);
  limits.Bind(binder);
}

void ClassifyVideoOptions::Check() const {
  preparation.Check();
  if (!annotate.empty() && videos.size() != 1) {
    throw UsageError("--annotate writes one file: name one VIDEO");
  }
  if (!annotate.empty() && !overwrite && std::filesystem::exists(annotate)) {
    throw UsageError(annotate + " is there already: --overwrite replaces it");
  }
  if (!annotate.empty() && std::filesystem::path(annotate).extension() != ".mp4") {
    throw UsageError(fmt::format("--annotate {}: a name that ends in .mp4", annotate));
  }
}

ToolResult RunClassification(const ClassifyVideoOptions& options) {
  ToolResult result;
  WithTorchErrors([&] { result = Classify(options); });
  return result;
}

}  // namespace reel3d
