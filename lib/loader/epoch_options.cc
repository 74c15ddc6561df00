// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/epoch_options.h"

namespace reel3d {

void EpochOptions::BindClips(OptionBinder& binder) {
  binder.Bind("clip-length", &clip.length, {1, 1024}, "frames of a clip (T)");
  binder.Bind("frame-stride", &clip.stride, {1, 1024},
              "a clip takes every n-th frame of a video, in validation and scoring too");
  binder.Choice("clip-start", &clip_start, "positions in a video where a training clip may start");
  binder.Bind("clips-per-video", &clips_per_video, {1, 1000},
              "training clips drawn from each video in an epoch");
  crop.Bind(binder);
  binder.Choice("decoding", &decoding, "how frames become pixels");
}

void EpochOptions::BindBatches(OptionBinder& binder) {
  binder.Bind("batch", &batch, {1, 1'000'000},
              "clips per step over ALL ranks; each rank takes its share");
  binder.Bind("micro-batch", &micro_batch, {0, 1'000'000},
              "clips that a rank computes at once. If its share of --batch is larger, the rank "
              "computes several rounds and adds up their gradients, which saves memory; batch norm "
              "uses the statistics of each round. 0: the complete share at once");
  binder.Choice("last-batch", &last_batch,
                "what to do with the last clips of an epoch if they are fewer than a batch");
}

void EpochOptions::BindSeed(OptionBinder& binder) {
  binder.Bind("seed", &seed, {0, INT64_MAX},
              "seed of the random initial weights, order of clips, frames of each clip and crops");
}

}  // namespace reel3d
