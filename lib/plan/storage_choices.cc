// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/storage_choices.h"

#include <set>
#include <utility>

#include "lib/plan/frame_cost.h"

namespace reel3d::plan {
namespace {

StorageChoice Choose(const Request& request, double height, double quality) {
  const double planned_height = request.settings.height.value;
  const double planned_quality = request.settings.quality.value;
  const double bytes = ConvertFrameBytes(1000 * request.rates.frame_kb.value,
                                         {planned_height, planned_quality}, {height, quality});
  const double loader = request.rates.loader_clips_per_s.value *
                        LoaderClipsPerSecond(height, quality) /
                        LoaderClipsPerSecond(planned_height, planned_quality);
  const double clips_per_s = request.rates.train_clips_per_s.value;
  return {height, quality, bytes * request.videos.NumFrames(),
          clips_per_s * request.settings.clip_frames.value * bytes, clips_per_s / loader};
}

}  // namespace

std::vector<StorageChoice> StorageChoices(const Request& request) {
  std::set<std::pair<double, double>> shown = {
      {request.settings.height.value, request.settings.quality.value}};
  for (const double height : {240, 360, 480}) {
    shown.insert({height, 75});
    shown.insert({height, 90});
  }
  std::vector<StorageChoice> choices;
  for (const auto& [height, quality] : shown) {
    choices.push_back(Choose(request, height, quality));
  }
  return choices;
}

}  // namespace reel3d::plan
