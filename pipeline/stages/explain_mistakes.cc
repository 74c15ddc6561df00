// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/explain_mistakes.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/infer/class_maps.h"
#include "lib/infer/clip_runner.h"
#include "lib/model/freed_memory.h"
#include "lib/report/read/run_reader.h"
#include "lib/report/read/strip_choice.h"
#include "lib/report/read/tolerant.h"
#include "pipeline/support/heat_file.h"
#include "pipeline/support/load_network.h"
#include "pipeline/support/scored_clips.h"

namespace reel3d {
namespace {

// Returns the index of a class of the network.
int IndexOf(const std::string& name, const std::vector<std::string>& classes) {
  const auto found = std::find(classes.begin(), classes.end(), name);
  if (found == classes.end()) {
    throw InputError(fmt::format(
        "evaluation/predictions.tsv has the class '{}', which the network does not have: evaluate "
        "the scores again",
        name));
  }
  return static_cast<int>(found - classes.begin());
}

// Calls `work`. If it throws an input error, warns that the video has no heat.
template <class Work>
void WarnOfFault(const std::string& id, const Work& work) {
  std::vector<std::string> problem;
  report::Tolerate(&problem, work);
  if (!problem.empty()) {
    LogWarn(fmt::format("{} has no heat: {}", id, problem.front()));
  }
}

// Returns the request of a strip's clip. Its label is the class to explain.
ClipRequest RequestOf(const report::Strip& strip, const ScoredClips& scored, const ShardSet& shards,
                      const TrainedNetwork& trained) {
  ClipRequest request;
  request.video = FindVideo(shards, strip.id);
  request.label = IndexOf(strip.predicted, trained.classes);
  request.crop = strip.clip.crop;
  const std::vector<int> frames = FramesOf(strip.clip, shards.videos()[request.video], scored);
  request.clip.num_distinct = static_cast<int>(frames.size());
  for (size_t place = 0; place < static_cast<size_t>(scored.length); ++place) {
    request.clip.frames.push_back(frames[place % frames.size()]);
  }
  return request;
}

// Turns a clip's map (T', H', W') into the values of heat.json.
std::vector<std::vector<uint8_t>> ToGrids(const at::Tensor& map, const Clip& clip, PlaceRule rule,
                                          int size) {
  const auto length = static_cast<int64_t>(clip.frames.size());
  at::Tensor heat = EnlargeAxis(map.to(at::kCPU, at::kFloat), 0, length, rule, length);
  heat = EnlargeAxis(EnlargeAxis(heat, 1, kHeatSide, rule, size), 2, kHeatSide, rule, size);
  heat = heat.slice(0, 0, clip.num_distinct).clamp_min(0);
  const auto highest = heat.max().item<float>();
  if (!std::isfinite(highest)) {
    throw InputError("the heat is not finite: the model diverged or its weights are damaged");
  }
  const at::Tensor bytes =
      (heat * (highest > 0 ? UINT8_MAX / highest : 0)).round().to(at::kByte).contiguous();
  std::vector<std::vector<uint8_t>> grids;
  for (int64_t frame = 0; frame < bytes.size(0); ++frame) {
    const at::Tensor grid = bytes[frame];
    const auto* values = grid.const_data_ptr<uint8_t>();
    grids.emplace_back(values, values + grid.numel());
  }
  return grids;
}

TrainedNetwork LoadScoring(const ExplainMistakesOptions& options, const ScoredClips& scored,
                           at::Device device) {
  KeepFreedMemory();
  at::set_num_threads(ThreadCount(options.compute.threads));
  TrainedNetwork trained =
      LoadTrainedNetwork(options.network, device, options.compute.precision, options.compute.batch);
  if (trained.identity != scored.checkpoint) {
    throw InputError(fmt::format(
        "the checkpoint is {}, but the scores are of {}: name that checkpoint, or score "
        "again",
        trained.identity, scored.checkpoint));
  }
  const ClipRecipe& recipe = trained.recipe;
  if (recipe.shape.length != scored.length || recipe.shape.stride != scored.stride ||
      recipe.size != scored.size) {
    throw InputError(fmt::format(
        "the network takes {} frames at stride {} of {} pixels, but {} at stride {} of {} were "
        "scored: give the --preprocessing of score-videos",
        recipe.shape.length, recipe.shape.stride, recipe.size, scored.length, scored.stride,
        scored.size));
  }
  trained.network->AbsorbBatchNorms();
  return trained;
}

class Explainer {
 public:
  Explainer(const ExplainMistakesOptions& options, const ScoredClips& scored, at::Device device)
      : scored_(scored),
        finer_(options.finer),
        shards_(OpenScoredShards(options.shards_dir, scored)),
        trained_(LoadScoring(options, scored, device)),
        runner_(trained_.network, trained_.recipe,
                {options.compute.batch, ThreadCount(options.compute.threads),
                 options.compute.decoding, BadClips::kReport, scored.crops},
                device) {}

  HeatFile HeatOf(const std::vector<report::Strip>& strips) {
    HeatFile heat = {trained_.identity, scored_.data, scored_.clip, Method(), finer_, {}};
    std::vector<ClipRequest> requests;
    for (const report::Strip& strip : strips) {
      WarnOfFault(strip.id,
                  [&] { requests.push_back(RequestOf(strip, scored_, *shards_, trained_)); });
    }
    if (!requests.empty()) {
      runner_.RunWith(
          std::move(requests), reel3d::FramesOf(*shards_),
          [&](const Batch& batch, const at::Tensor& input) { return MapsOf(batch, input); },
          [&](const Batch& batch, const at::Tensor& maps) { AddClips(batch, maps, &heat); });
    }
    return heat;
  }

 private:
  const char* Method() const {
    return finer_ > 0 ? "hires-cam" : trained_.network->HasLinearHead() ? "exact" : "grad-cam";
  }

  at::Tensor MapsOf(const Batch& batch, const at::Tensor& input) {
    std::vector<int64_t> classes;
    for (const ClipRequest& clip : batch.clips) {
      classes.push_back(clip.label);
    }
    const at::Tensor chosen = at::tensor(classes, at::kLong).to(input.device());
    return ComputeClassMaps(trained_.network, input, chosen, finer_).maps.to(at::kCPU);
  }

  void AddClips(const Batch& batch, const at::Tensor& maps, HeatFile* heat) const {
    std::vector<bool> is_bad(batch.clips.size());
    for (const ClipFault& fault : batch.faults) {
      is_bad[fault.clip] = true;
      LogWarn(fmt::format("{} has no heat: {}", shards_->videos()[fault.video].id, fault.reason));
    }
    const PlaceRule rule = PlaceRuleOf(trained_.network, finer_);
    for (size_t place = 0; place < batch.clips.size(); ++place) {
      if (!is_bad[place]) {
        const ClipRequest& clip = batch.clips[place];
        const std::string& id = shards_->videos()[clip.video].id;
        WarnOfFault(id, [&] {
          heat->clips.push_back(
              {id, trained_.classes[static_cast<size_t>(clip.label)], clip.clip.frames.front(),
               clip.crop,
               ToGrids(maps[static_cast<int64_t>(place)], clip.clip, rule, trained_.recipe.size)});
        });
      }
    }
  }

  const ScoredClips scored_;
  const int finer_;
  const std::unique_ptr<ShardSet> shards_;
  TrainedNetwork trained_;
  ClipRunner runner_;
};

// Throws an input error if the run's evaluation is missing or damaged, or knows no right answer.
// Then nobody knows which answers are wrong.
void RequireEvaluation(const report::RunRecord& run) {
  const std::string folder = (run.folder / "evaluation").string();
  for (const std::string& sentence : run.missing) {
    if (sentence.find(folder) != std::string::npos) {
      throw InputError(sentence + "; run evaluate-scores, then explain-mistakes again");
    }
  }
  if (run.evaluation.answers.empty()) {
    throw InputError(fmt::format(
        "{}: no video has a label there, so no answer is known to be wrong: evaluate scores of "
        "labelled videos",
        folder));
  }
}

// Throws an input error if `strips` is empty although there are mistakes.
void RequireClips(const report::RunRecord& run, const std::vector<report::Strip>& strips) {
  if (strips.empty() && !run.evaluation.mistakes.empty()) {
    throw InputError(
        fmt::format("{}: does not say which clips to explain: run evaluate-scores again, then "
                    "explain-mistakes",
                    (run.folder / "evaluation" / "predictions.tsv").string()));
  }
}

// Throws an input error if there is no heat of any strip. An earlier heat.json stays as it is.
void RequireHeat(const HeatFile& heat, const std::vector<report::Strip>& strips) {
  if (heat.clips.empty() && !strips.empty()) {
    throw InputError(fmt::format(
        "no heat for the {} to explain, so heat.json is not written: see the warnings above",
        Count(static_cast<int64_t>(strips.size()), "wrongly answered video")));
  }
}

ToolResult Explain(const ExplainMistakesOptions& options) {
  const report::RunRecord run = report::ReadRun(options.run_dir);
  if (report::AreFramesShuffled(run.evaluation)) {
    throw InputError(fmt::format(
        "{}: its clips were scored with frames in random order (--shuffle-frames), and these clips "
        "cannot be explained: name a run without it",
        run.folder.string()));
  }
  const ScoredClips scored = ScoredClipsOf(report::ReportOf(run, "score-videos"));
  RequireEvaluation(run);
  const std::vector<report::Strip> strips =
      report::ChooseStrips(run.evaluation, static_cast<size_t>(options.strips));
  RequireClips(run, strips);
  const HeatFile heat =
      Explainer(options, scored, ChooseDevice(options.compute.device)).HeatOf(strips);
  RequireHeat(heat, strips);
  const std::filesystem::path file = run.folder / "heat.json";
  WriteHeatFile(file, heat);
  ToolResult result;
  result.json = {{"file", file.string()},
                 {"checkpoint", heat.checkpoint},
                 {"method", heat.method},
                 {"clips", heat.clips.size()}};
  result.text =
      strips.empty()
          ? fmt::format("{}: no heat, because no video is answered wrongly\n", file.string())
          : fmt::format("{}: heat of {}; report-run shows it\n", file.string(),
                        Count(static_cast<int64_t>(heat.clips.size()), "clip"));
  return result;
}

}  // namespace

void ExplainMistakesOptions::Bind(OptionBinder& binder) {
  network.Bind(binder);
  binder.Positional("SHARDS_DIR", &shards_dir, "folder of the shards that were scored");
  binder.Positional(
      "RUN_DIR", &run_dir,
      "folder of a run with scores/ and evaluation/, as report-run takes it; heat.json "
      "is written there");
  binder.Bind("strips", &strips, {1, 100},
              "compute heat for the clips of at most so many videos, those that report-run shows "
              "with the same number");
  binder.Bind("explain-finer", &finer, {0, NetworkImpl::kMostStagesLeft},
              "take the features so many stages before the network's end: each stage makes the "
              "colours up to twice as fine in time, height and width, and less exact. 0: the last "
              "features");
  compute.Bind(binder);
}

ToolResult RunExplainMistakes(const ExplainMistakesOptions& options) {
  ToolResult result;
  WithTorchErrors([&] { result = Explain(options); });
  return result;
}

}  // namespace reel3d
