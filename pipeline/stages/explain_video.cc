// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/explain_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/cli/option_table.h"
#include "lib/data/names.h"
#include "lib/infer/video_heat.h"
#include "lib/video/heat.h"
#include "pipeline/stages/annotate_video.h"

namespace reel3d {
namespace {

// Returns the square of a frame that the network sees, without heat.
HeatBox SeenSquare(const FrameSize& frame, int size) {
  const CropPlan plan = ScoringCrops(frame, size, {}).front();
  HeatBox box;
  box.width = plan.size * plan.width / plan.resized_width;
  box.height = plan.size * plan.height / plan.resized_height;
  box.x = plan.x + plan.window_x * plan.width / plan.resized_width;
  box.y = plan.y + plan.window_y * plan.height / plan.resized_height;
  return box;
}

// `heat` is (H', W'), and `size` the side of the network's input.
void FillBox(const at::Tensor& heat, PlaceRule rule, int size, HeatBox* box) {
  const at::Tensor rows = EnlargeAxis(heat, 0, box->height, rule, size);
  const at::Tensor enlarged = EnlargeAxis(rows, 1, box->width, rule, size).contiguous();
  const auto* values = enlarged.const_data_ptr<float>();
  box->values.assign(values, values + enlarged.numel());
}

}  // namespace

void ExplainOptions::Bind(OptionBinder& binder) {
  binder.Bind("explain", &file,
              "write the prepared video to this .mp4 file, with colours where the network sees "
              "the class, and a bar that shows when; requires a single VIDEO, and runs the network "
              "twice. Empty: write no such video");
  binder.Bind("explain-class", &class_name,
              "the class that --explain looks for. Empty: the best class of the video");
  binder.Bind("explain-finer", &finer, {0, NetworkImpl::kMostStagesLeft},
              "take the features so many stages before the network's end: each stage makes the "
              "colours up to twice as fine in time, height and width, and less exact. 0: the last "
              "features");
}

void ExplainOptions::Check() const {
  if (file.empty() && (!class_name.empty() || finer > 0)) {
    throw UsageError(fmt::format("{}: name the video to write with --explain",
                                 finer > 0 ? "--explain-finer" : "--explain-class"));
  }
}

size_t ClassToExplain(const std::string& class_name, const std::vector<std::string>& classes,
                      size_t best) {
  if (class_name.empty()) {
    return best;
  }
  auto found = std::find(classes.begin(), classes.end(), class_name);
  if (found == classes.end()) {  // the keyboard may write é in another way than the list
    found = std::find_if(classes.begin(), classes.end(),
                         [composed = ComposedForm(class_name)](const std::string& name) {
                           return ComposedForm(name) == composed;
                         });
  }
  if (found == classes.end()) {
    const std::string nearest = Nearest(class_name, classes);
    throw UsageError(
        fmt::format("--explain-class {}: the network has no such class{}", class_name,
                    nearest.empty() ? "" : fmt::format("; the nearest is '{}'", nearest)));
  }
  return static_cast<size_t>(found - classes.begin());
}

nlohmann::ordered_json Explanation::ToJson() const {
  return {{"class", class_name},
          {"method", method},
          {"places", places},
          {"heat_over_time", heat_over_time}};
}

Explanation ExplainVideo(const RawVideo& video, const std::vector<Clip>& windows,
                         size_t class_index, int finer, int batch, TrainedNetwork* trained,
                         ClipRunner* runner) {
  Explanation explanation;
  explanation.class_name = trained->classes.at(class_index);
  explanation.method = finer > 0                           ? "hires-cam"
                       : trained->network->HasLinearHead() ? "exact"
                                                           : "grad-cam";
  explanation.rule = PlaceRuleOf(trained->network, finer);
  VideoHeat heat(video.num_frames(), trained->recipe.shape.stride, AvailableMemoryBytes() / 2,
                 explanation.rule);
  const auto compute = [&](const Batch& /*batch*/, const at::Tensor& input) {
    const at::Tensor classes = at::full({input.size(0)}, static_cast<int64_t>(class_index),
                                        input.options().dtype(at::kLong));
    return ComputeClassMaps(trained->network, input, classes, finer).maps.to(at::kCPU);
  };
  video.ForEachGroup(windows, batch, [&](std::vector<ClipRequest> requests, FrameSource frames) {
    runner->RunWith(std::move(requests), std::move(frames), compute,
                    [&](const Batch& done, const at::Tensor& maps) {
                      for (int64_t place = 0; place < done.size(); ++place) {
                        heat.Add(done.clips[static_cast<size_t>(place)].clip, maps[place]);
                      }
                      explanation.places = {maps.size(1), maps.size(2), maps.size(3)};
                    });
  });
  explanation.heat = heat.TakeHeat();
  explanation.heat_over_time = VideoHeat::OverTime(explanation.heat);
  return explanation;
}

void WriteHeatVideo(
    const RawVideo& video, const Explanation& explanation, int size, const std::string& target,
    const std::function<void(int64_t frame_index, YuvImage* picture)>& draw_caption) {
  const int rows = TimeBarRows(video.height());
  const TimeBar bar(explanation.heat_over_time, video.width());
  AnnotateVideo(video.prepared(), target, rows, [&](int64_t frame, YuvImage* picture) {
    const int top = picture->height() - rows;
    HeatBox box = SeenSquare({picture->width(), top}, size);
    FillBox(explanation.heat[frame], explanation.rule, size, &box);
    DrawHeat(box, picture);
    bar.Draw(frame, top, picture);
    draw_caption(frame, picture);
  });
}

}  // namespace reel3d
