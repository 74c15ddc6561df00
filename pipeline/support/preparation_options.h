// Options for the size, quality and times of prepared frames. A tool that prepares videos for a
// trained network needs the values that prep-videos had for the training videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"
#include "lib/video/frame_scaler.h"
#include "pipeline/support/prepare_video.h"

namespace reel3d {

struct PreparationOptions {
  int height = 360;  // 0: not given, in a tool that sets it so before Bind()
  int short_side = 0;
  int quality = 90;
  std::string fps = "source";
  Interlaced interlaced = Interlaced::kField;

  // Binds --height, --short-side, --quality, --fps and --interlaced. `short_side_name` is another
  // name for the second, for a tool in which --short-side is something else.
  void Bind(OptionBinder& binder, const char* short_side_name = "short-side");
  // Throws a usage error on an odd size or a word that is no frame rate.
  void Check() const;
  // Returns a request without source and target. Call Check() first.
  PrepareRequest Request() const;
};

}  // namespace reel3d
