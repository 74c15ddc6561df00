// heat-on-shapes measures whether a network that was trained on the demo's videos looks at the
// moving shapes: the share of the heat of classify-video --explain that is inside the shapes'
// boxes, beside the boxes' share of the area.
//
//   make-demo-videos --seed 1 --videos-per-class 7 DIR     (not the seed of the training videos)
//   heat-on-shapes --height 72 --seed 1 CHECKPOINT DIR
//
// Shapes are mostly near the middle, where enlarged maps often have more heat than at the edges. So
// the heat is also measured inside the boxes of another video.
// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "lib/base/host.h"
#include "lib/cli/tool.h"
#include "lib/demo/synthetic_video.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/infer/class_maps.h"
#include "pipeline/stages/explain_video.h"
#include "pipeline/support/compute_options.h"
#include "pipeline/support/load_network.h"
#include "pipeline/support/preparation_options.h"
#include "pipeline/support/window_stride.h"

namespace reel3d::bench {
namespace fs = std::filesystem;
namespace {

struct HeatOnShapesOptions {
  NetworkSource network;
  std::string videos_dir;
  PreparationOptions preparation;
  WindowStride window_stride;
  int finer = 3;
  int videos = 50;
  int64_t seed = 1;
  ComputeOptions compute{8};

  void Bind(OptionBinder& binder) {
    network.Bind(binder);
    binder.Positional("VIDEOS_DIR", &videos_dir, "folder made by make-demo-videos");
    preparation.Bind(binder);
    window_stride.Bind(binder);
    binder.Bind("explain-finer", &finer, {0, NetworkImpl::kMostStagesLeft},
                "as in classify-video, where the default is 0");
    binder.Bind("videos", &videos, {16, 7992}, "number of videos, from all classes in turn");
    binder.Bind("seed", &seed, IntRange{0, INT64_MAX}, "the --seed of make-demo-videos");
    compute.Bind(binder);
  }
  void Check() const { preparation.Check(); }
};

// The boxes of one frame as a mask over the square that the network sees, in kGrid x kGrid cells.
constexpr int kGrid = 96;
at::Tensor MaskOf(const std::vector<ShapeBox>& boxes, const RgbImage& frame) {
  const auto side = static_cast<float>(std::min(frame.width, frame.height));
  const float left = (static_cast<float>(frame.width) - side) / 2;
  const float top = (static_cast<float>(frame.height) - side) / 2;
  const auto cell = [side](float place) {
    return std::clamp<int64_t>(std::lround(place / side * kGrid), 0, kGrid);
  };
  at::Tensor mask = at::zeros({kGrid, kGrid}, at::kFloat);
  for (const ShapeBox& box : boxes) {
    mask.slice(0, cell(box.top - top), cell(box.bottom - top))
        .slice(1, cell(box.left - left), cell(box.right - left))
        .fill_(1);
  }
  return mask;
}

struct Seen {
  at::Tensor heat;   // (frames, kGrid, kGrid)
  at::Tensor masks;  // of the same shape
};

struct Shares {
  double heat = 0, area = 0;  // inside the boxes, of all heat and of the area
};

// Returns the shares over all frames that show a shape. Frame i has the mask i of `masks`, from its
// start again if there are fewer.
Shares SharesInside(const at::Tensor& heat, const at::Tensor& masks) {
  double inside = 0, all = 0, area = 0;
  int64_t num_frames = 0;
  for (int64_t frame = 0; frame < heat.size(0); ++frame) {
    const at::Tensor mask = masks[frame % masks.size(0)];
    const double covered = mask.mean().item<double>();
    if (covered > 0) {
      inside += (heat[frame] * mask).sum().item<double>();
      all += heat[frame].sum().item<double>();
      area += covered;
      ++num_frames;
    }
  }
  return {all > 0 ? inside / all : 0, area / static_cast<double>(std::max<int64_t>(1, num_frames))};
}

class Measurement {
 public:
  explicit Measurement(const HeatOnShapesOptions& options)
      : options_(options),
        device_(ChooseDevice(options.compute.device)),
        worker_({}),
        trained_(LoadTrainedNetwork(options.network, device_, options.compute.precision,
                                    options.compute.batch)),
        runner_(trained_.network, trained_.recipe,
                {options.compute.batch, ThreadCount(options.compute.threads),
                 options.compute.decoding, BadClips::kThrow},
                device_) {}

  Seen See(int class_index, int index) {
    const std::string& name = SyntheticClasses().at(static_cast<size_t>(class_index));
    PrepareRequest request = options_.preparation.Request();
    request.source =
        fs::path(options_.videos_dir) / name / fmt::format("{}_{:03}.mp4", name, index);
    const RawVideo video(request, &worker_, [](int64_t /*num_frames*/) {});
    const ClipShape& shape = trained_.recipe.shape;
    const std::vector<Clip> windows = SlidingClips(
        video.num_frames(), shape, options_.window_stride.For(shape.length), TailRule::kLoop);
    const Explanation explanation =
        ExplainVideo(video, windows, ClassToExplain(name, trained_.classes, 0), options_.finer,
                     options_.compute.batch, &trained_, &runner_);
    const SyntheticVideo drawn =
        DrawSyntheticVideo(class_index, static_cast<uint64_t>(options_.seed), index);
    std::vector<at::Tensor> masks;
    for (size_t frame = 0; frame < drawn.frames.size(); ++frame) {
      masks.push_back(MaskOf(drawn.boxes[frame], drawn.frames[frame]));
    }
    const int size = trained_.recipe.size;
    const at::Tensor rows = EnlargeAxis(explanation.heat, 1, kGrid, explanation.rule, size);
    return {EnlargeAxis(rows, 2, kGrid, explanation.rule, size), at::stack(masks)};
  }

 private:
  const HeatOnShapesOptions& options_;
  at::Device device_;
  PrepWorker worker_;
  TrainedNetwork trained_;
  ClipRunner runner_;
};

ToolResult Measure(const HeatOnShapesOptions& options) {
  at::set_num_threads(ThreadCount(options.compute.threads));
  Measurement measurement(options);
  std::vector<Seen> seen;
  const auto num_classes = static_cast<int>(SyntheticClasses().size());
  for (int video = 0; video < options.videos; ++video) {
    seen.push_back(measurement.See(video % num_classes, video / num_classes));
  }
  double heat = 0, area = 0, elsewhere = 0;
  int num_above_area = 0, num_above_elsewhere = 0;
  for (size_t video = 0; video < seen.size(); ++video) {
    const Shares own = SharesInside(seen[video].heat, seen[video].masks);
    // A video of the same class: it has the same kind of boxes, at other places.
    const auto step = static_cast<size_t>(num_classes);
    const size_t other = video + step < seen.size() ? video + step : video - step;
    const Shares own_heat_other_boxes = SharesInside(seen[video].heat, seen[other].masks);
    const double excess = own.heat / own.area;
    const double excess_elsewhere = own_heat_other_boxes.heat / own_heat_other_boxes.area;
    heat += own.heat;
    area += own.area;
    elsewhere += excess_elsewhere;
    num_above_area += own.heat > own.area ? 1 : 0;
    num_above_elsewhere += excess > excess_elsewhere ? 1 : 0;
  }
  const auto count = static_cast<double>(seen.size());
  ToolResult result;
  result.json = {{"videos", options.videos},
                 {"heat_inside", heat / count},
                 {"area_inside", area / count},
                 {"ratio", heat / area},
                 {"ratio_in_boxes_of_another_video", elsewhere / count},
                 {"videos_with_more_heat_than_area", num_above_area},
                 {"videos_with_a_higher_ratio_than_in_other_boxes", num_above_elsewhere}};
  result.text = fmt::format(
      "{} videos: the shapes' boxes have {:.1f} % of the heat and {:.1f} % of the area, {:.2f} "
      "times "
      "as much.\nIn {} videos they have more heat than area. In the boxes of another video the "
      "heat "
      "is {:.2f} times the area; {} videos have more in their own.\n",
      options.videos, 100 * heat / count, 100 * area / count, heat / area, num_above_area,
      elsewhere / count, num_above_elsewhere);
  return result;
}

}  // namespace
}  // namespace reel3d::bench

int main(int argc, char** argv) {
  using namespace reel3d;
  if (argc == 2 && argv[1] == std::string_view(kPrepWorkerArgument)) {
    return RunPrepWorker();
  }
  bench::HeatOnShapesOptions options;
  return RunTool({"heat-on-shapes", "Measures whether a network looks at the demo's moving shapes.",
                  "  heat-on-shapes --height 72 run/demo/train/checkpoints/latest DIR\n"},
                 argc, argv, options, [&] {
                   ToolResult result;
                   WithTorchErrors([&] { result = bench::Measure(options); });
                   return result;
                 });
}
