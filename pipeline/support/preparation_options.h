// Options for the size, quality and times of prepared frames. A tool that prepares videos for a
// trained network needs the values that prep-videos had for the training videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"
#include "lib/data/frame_facts.h"
#include "lib/video/frame_scaler.h"
#include "pipeline/support/prepare_video.h"

namespace reel3d {

struct PreparationOptions {
  static constexpr int kHeight = 360;

  int height = kHeight;  // 0: not given
  int short_side = 0;
  int quality = 90;
  std::string fps = "source";
  Interlaced interlaced = Interlaced::kField;

  // Not an option. True: without a height, videos are prepared like those that the network was
  // trained on (pipeline/support/training_match.h).
  bool may_follow_training = false;

  // Returns the options of a tool that applies a trained network; `height` is 0.
  static PreparationOptions LikeTraining();

  // Binds --height, --short-side, --quality, --fps and --interlaced. `short_side_name` is another
  // name for the second, for a tool in which --short-side is something else.
  void Bind(OptionBinder& binder, const char* short_side_name = "short-side");
  // Throws a usage error on an odd size or a word that is no frame rate.
  void Check() const;
  // Returns a request without source and target. Call Check() first.
  PrepareRequest Request() const;
  // Returns what a passport keeps. Equal rates have the same text. Call Check() first.
  FrameFacts Facts() const;
};

}  // namespace reel3d
