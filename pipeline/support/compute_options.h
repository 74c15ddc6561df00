// Options of the tools that apply a network to clips: decoding, precision, batch, threads and
// device. train-r3d binds its own options, because it divides a batch over its ranks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/option_binder.h"
#include "lib/dist/device_choice.h"
#include "lib/frames/frame_decoder.h"
#include "lib/model/precision_options.h"

namespace reel3d {

struct ComputeOptions {
  // `batch_clips` is the default of --batch.
  explicit ComputeOptions(int batch_clips) : batch(batch_clips) {}

  Decoding decoding = Decoding::kFast;
  PrecisionOptions precision;
  int batch;        // clips
  int threads = 0;  // 0: all cores
  DeviceChoice device = DeviceChoice::kAuto;

  // Binds --decoding, --precision, --stem, --batch, --threads and --device.
  void Bind(OptionBinder& binder);
};

}  // namespace reel3d
