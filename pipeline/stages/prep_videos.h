// The stage behind prep-videos: reads any video files, and writes <id>.mkv of one height. Each
// frame is a JPEG that shards copy unchanged (lib/video/prepared_video.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"
#include "pipeline/stages/prep_report.h"
#include "pipeline/stages/preparing_options.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/work_sharing.h"

namespace reel3d {

struct PrepVideosOptions : PreparingOptions {
  std::string manifest, out_dir;
  bool overwrite = false;
  TaskSlice slice;
  WorkSharing sharing;

  void Bind(OptionBinder& binder);
  void Check();
};

// Throws an input error if the manifest is wrong, an environment error if the output cannot be
// written. A video that cannot be prepared is counted, and listed in failed.tsv.
PrepVideosReport RunPrepVideos(const PrepVideosOptions& options);

}  // namespace reel3d
