// Shows where and when a network sees a class in a video: computes heat for each frame, and writes
// a copy of the video with the heat over it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/infer/class_maps.h"
#include "lib/infer/trained_network.h"
#include "pipeline/support/raw_video.h"

namespace reel3d {

struct ExplainOptions {
  std::string file;        // to write; empty: none
  std::string class_name;  // empty: the best class of the video
  int finer = 0;           // stages_left of NetworkImpl::FeaturesOf()

  // Binds --explain, --explain-class and --explain-finer.
  void Bind(OptionBinder& binder);
  // Throws a usage error if the others are given without --explain.
  void Check() const;
};

// Returns the index of `class_name`, in any Unicode form, or `best` if it is empty. Throws a usage
// error that names the nearest class if the network has no such class.
size_t ClassToExplain(const std::string& class_name, const std::vector<std::string>& classes,
                      size_t best);

struct Explanation {
  std::string class_name;
  std::string method;                 // "exact", "grad-cam" or "hires-cam"
  std::array<int64_t, 3> places{};    // T', H', W' of a window's map
  at::Tensor heat;                    // float32 (frames, H', W'), 0 .. 1: VideoHeat::TakeHeat()
  std::vector<float> heat_over_time;  // of each frame, 0 .. 1
  PlaceRule rule = PlaceRule::kEqualParts;  // of H' and W'

  nlohmann::ordered_json ToJson() const;
};

// Computes the maps of all windows of the video for one class. `finer` is that of the options, and
// `batch` windows are computed at once. Throws an input error if the heat is not finite, or would
// take more than half of the available memory.
Explanation ExplainVideo(const RawVideo& video, const std::vector<Clip>& windows,
                         size_t class_index, int finer, int batch, TrainedNetwork* trained,
                         ClipRunner* runner);

// Writes the prepared video with heat, and under it a bar with the heat over time. `size` is the
// side of the network's input in pixels. draw_caption(frame_index, picture) draws over both.
void WriteHeatVideo(
    const RawVideo& video, const Explanation& explanation, int size, const std::string& target,
    const std::function<void(int64_t frame_index, YuvImage* picture)>& draw_caption);

}  // namespace reel3d
