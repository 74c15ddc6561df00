// Defines the settings that decide the clips of an epoch: their order, their frames and crops, and
// the steps and ranks that they belong to.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/data/clip_sampler.h"
#include "lib/data/crop_plan.h"
#include "lib/frames/frame_decoder.h"

namespace reel3d {

// Says where in a video a training clip may start.
enum class ClipStart { kInclusive, kExcludeLast };
inline std::vector<NamedChoice<ClipStart>> ChoicesOf(ClipStart /*type*/) {
  return {{ClipStart::kInclusive, "inclusive", "all"},
          {ClipStart::kExcludeLast, "exclude-last",
           "all but the last one, as in the 2018 and 2020 code"}};
}

// Says what happens to the last clips of an epoch if they are fewer than a batch.
enum class LastBatch { kDrop, kKeep };
inline std::vector<NamedChoice<LastBatch>> ChoicesOf(LastBatch /*type*/) {
  return {{LastBatch::kDrop, "drop", ""}, {LastBatch::kKeep, "keep", ""}};
}

struct EpochOptions {
  ClipShape clip;
  ClipStart clip_start = ClipStart::kInclusive;
  int clips_per_video = 1;
  CropOptions crop;
  Decoding decoding = Decoding::kFast;
  int batch = 256;      // clips per step over all ranks
  int micro_batch = 0;  // clips that a rank computes at once; 0: its complete share
  LastBatch last_batch = LastBatch::kDrop;
  int64_t seed = 1;

  // Each method binds some of the fields. Together these methods bind all fields.
  void BindClips(OptionBinder& binder);
  void BindBatches(OptionBinder& binder);
  void BindSeed(OptionBinder& binder);
};

}  // namespace reel3d
