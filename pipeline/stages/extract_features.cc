// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/extract_features.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/base/progress.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/eval/feature_file.h"
#include "lib/infer/clip_runner.h"
#include "lib/infer/clip_tensors.h"
#include "lib/loader/batch_loader.h"
#include "lib/loader/sampler.h"
#include "lib/model/freed_memory.h"
#include "lib/model/layer_watch.h"
#include "lib/train/loop/finetune.h"
#include "pipeline/support/load_network.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Names the place in the network from which features are taken.
struct Tap {
  std::string layer;
  bool input;
};

Tap FindTap(const ExtractFeaturesOptions& options, const torch::nn::Module& network) {
  if (options.layer.empty()) {
    return {HeadOf(network), true};
  }
  std::vector<std::string> layers;
  for (const auto& parameter : network.named_parameters()) {
    const std::string layer = parameter.key().substr(0, parameter.key().rfind('.'));
    if (layers.empty() || layers.back() != layer) {
      layers.push_back(layer);
    }
  }
  if (std::count(layers.begin(), layers.end(), options.layer) == 0) {
    throw UsageError(
        fmt::format("--layer {}: must be one of {}", options.layer, fmt::join(layers, ", ")));
  }
  return {options.layer, options.layer_input};
}

class Extractor {
 public:
  Extractor(const ExtractFeaturesOptions& options, const ShardSet& shards, at::Device device,
            int threads)
      : options_(options),
        shards_(shards),
        trained_(LoadTrainedNetwork(options.network, device, options.compute.precision,
                                    options.compute.batch)),
        runner_(trained_.network, trained_.recipe,
                {options.compute.batch, threads, options.compute.decoding, BadClips::kReport},
                device),
        tap_(FindTap(options, *trained_.network)),
        members_(VideosOfSubset(shards.videos(), options.subset)) {
    table_.checkpoint = trained_.identity;
    table_.data = fmt::format("{:08x}", shards.fingerprint());
    table_.layer = fmt::format("{}, {}", tap_.layer, tap_.input ? "input" : "output");
    table_.classes = shards.classes();
    for (const size_t member : members_) {
      table_.videos.push_back({shards.videos()[member].id, shards.videos()[member].label});
    }
  }

  // Returns the features of all clips of the subset.
  const FeatureTable& Extract() {
    std::vector<ClipRequest> requests = PlanClips();
    Progress progress("clips", static_cast<int64_t>(requests.size()));
    at::Tensor features;  // of the current batch
    const LayerWatch watch(*trained_.network, [&](const LayerCall& call) {
      if (call.layer == tap_.layer) {
        features = (tap_.input ? call.input : call.output).to(at::kFloat, false, /*copy=*/true);
      }
    });
    runner_.Run(std::move(requests), FramesOf(shards_),
                [&](const Batch& batch, const at::Tensor& /*logits*/) {
                  for (const ClipFault& fault : batch.faults) {
                    NoteFault(fault);
                  }
                  Add(features.narrow(0, 0, batch.size()));  // the batch may have been filled
                  progress.Advance(batch.size());
                });
    Gather();
    return table_;
  }

  // Returns the failed videos as indices into FeatureTable::videos.
  const std::set<uint32_t>& failed() const { return failed_; }

 private:
  std::vector<ClipRequest> PlanClips() {
    const ClipShape& shape = trained_.recipe.shape;
    const int stride = options_.window_stride.For(shape.length);
    std::vector<ClipRequest> requests;
    for (size_t place = 0; place < members_.size(); ++place) {
      const IndexedVideo video = shards_.videos()[members_[place]];
      for (Clip& clip : SlidingClips(video.num_frames, shape, stride, TailRule::kLoop)) {
        table_.video.push_back(static_cast<uint32_t>(place));
        table_.first_frame.push_back(static_cast<uint32_t>(clip.frames.front()));
        requests.push_back({members_[place], video.label, std::move(clip), Rng(0)});
      }
    }
    if (requests.empty()) {
      throw InputError(fmt::format("{} holds no {} videos; --subset names another",
                                   options_.shards_dir, SubsetName(options_.subset)));
    }
    return requests;
  }

  void NoteFault(const ClipFault& fault) {
    const auto place = std::find(members_.begin(), members_.end(), fault.video) - members_.begin();
    if (failed_.insert(static_cast<uint32_t>(place)).second) {
      LogWarn(fmt::format("{} failed: {}", shards_.videos()[fault.video].id, fault.reason));
    }
  }

  // Appends the features of a batch's clips.
  void Add(at::Tensor features) {
    REEL3D_CHECK(features.defined());
    if (features.dim() > 2 && !options_.positions) {
      features = features.flatten(2).mean(2);
    }
    table_.shape = features.sizes().slice(1).vec();
    AppendRows(features, &table_.values);
  }

  // Removes the rows of failed videos, because their undamaged clips describe only a part of a
  // video. With --per-video, averages the consecutive rows of a video into one row, in double.
  void Gather() {
    const std::vector<uint32_t> videos = std::exchange(table_.video, {});
    const std::vector<uint32_t> first_frames = std::exchange(table_.first_frame, {});
    const std::vector<float> values = std::exchange(table_.values, {});
    const size_t num_rows = videos.size();
    const size_t size = values.size() / num_rows;
    for (size_t first = 0, end = 0; first < num_rows; first = end) {
      const uint32_t video = videos[first];
      std::vector<double> sums(size);
      do {
        for (size_t i = 0; i < size; ++i) {
          sums[i] += values[end * size + i];
        }
        ++end;
      } while (options_.per_video && end < num_rows && videos[end] == video);
      if (failed_.count(video) > 0) {
        continue;
      }
      const auto count = static_cast<uint32_t>(end - first);
      table_.video.push_back(video);
      table_.first_frame.push_back(first_frames[first]);
      table_.num_clips.push_back(count);
      for (const double sum : sums) {
        table_.values.push_back(static_cast<float>(sum / count));
      }
    }
  }

  const ExtractFeaturesOptions& options_;
  const ShardSet& shards_;
  TrainedNetwork trained_;
  ClipRunner runner_;
  Tap tap_;
  std::vector<size_t> members_;  // videos of the subset, in index order
  FeatureTable table_;
  std::set<uint32_t> failed_;
};

ToolResult Extract(const ExtractFeaturesOptions& options) {
  const at::Device device = ChooseDevice(options.compute.device);
  const int threads = ThreadCount(options.compute.threads);
  KeepFreedMemory();
  at::set_num_threads(threads);
  const ShardSet shards(options.shards_dir);
  Extractor extractor(options, shards, device, threads);
  const FeatureTable& table = extractor.Extract();
  const size_t num_failed = extractor.failed().size();
  ToolResult result;
  result.json = {{"rows", table.video.size()}, {"shape", table.shape},
                 {"layer", table.layer},       {"videos", table.videos.size() - num_failed},
                 {"num_failed", num_failed},   {"checkpoint", table.checkpoint}};
  result.text = fmt::format("{} of {} values: {} of {}, {} failed\n",
                            Count(static_cast<int64_t>(table.video.size()), "row"),
                            fmt::join(table.shape, " x "), table.layer,
                            Count(static_cast<int64_t>(table.videos.size() - num_failed), "video"),
                            num_failed);
  const double allowed = options.max_failed_fraction * static_cast<double>(table.videos.size());
  if (static_cast<double>(num_failed) > allowed) {
    result.exit_status = kExitInput;
    result.text += "not written: more failed than --max-failed-fraction allows\n";
    return result;
  }
  WriteFeatures(options.out, table);
  return result;
}

}  // namespace

void ExtractFeaturesOptions::Bind(OptionBinder& binder) {
  network.Bind(binder);
  binder.Positional("SHARDS_DIR", &shards_dir, "folder made by pack-shards");
  binder.Positional("OUT", &out,
                    "file to write: .h5, or .npy with a table of its rows beside it (OUT.tsv)");
  binder.Choice("subset", &subset, "subset whose videos are used");
  binder.Bind("layer", &layer,
              "layer whose output is written, before a following batch norm or ReLU; inspect-file "
              "--layers lists the names. Empty: the input of the last layer, the pooled features");
  binder.Bind("layer-input", &layer_input, "write the input of --layer instead of its output");
  binder.Bind("positions", &positions,
              "keep all places in time and space (C x T x H x W); false: their mean, C values");
  binder.Bind("per-video", &per_video,
              "write one row per video, the mean of its windows; false: one row per window");
  window_stride.Bind(binder);
  binder.Bind("max-failed-fraction", &max_failed_fraction, {0, 1},
              "share of the videos that may have damaged frames; above it nothing is written and "
              "the status is 3");
  compute.Bind(binder);
  binder.Bind("overwrite", &overwrite, "replace OUT if it exists", Effect::kOnce);
}

void ExtractFeaturesOptions::Check() const {
  if (!IsFeatureFile(out)) {
    throw UsageError(fmt::format("{}: a name that ends in .h5 or .npy says what to write", out));
  }
  if (!overwrite && fs::exists(out)) {
    throw UsageError(out + " is there already: --overwrite replaces it");
  }
  if (layer_input && layer.empty()) {
    throw UsageError("--layer-input: of which --layer?");
  }
}

ToolResult RunExtraction(const ExtractFeaturesOptions& options) {
  ToolResult result;
  WithTorchErrors([&] { result = Extract(options); });
  return result;
}

}  // namespace reel3d
