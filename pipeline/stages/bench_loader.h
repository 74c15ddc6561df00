// The stage behind bench-loader: measures how fast the training loader delivers clips on this
// machine, and how much time each phase takes. It needs no neural network and no GPU.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"
#include "lib/frames/frame_decoder.h"
#include "pipeline/support/random_clips.h"

namespace reel3d {

struct BenchLoaderOptions : RandomClips {
  std::string shards_dir;
  int threads = 0;
  Decoding decoding = Decoding::kFast;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct BenchLoaderReport {
  int64_t num_clips = 0;
  int threads = 0;
  double seconds = 0;           // wall-clock time of the loader
  double cpu_s = 0;             // CPU time of all its threads
  int64_t early_rss_bytes = 0;  // resident memory when a tenth of the clips was loaded
  int64_t rss_bytes = 0;        // resident memory after all clips; much more means a leak
  // Milliseconds per clip in a single thread. Only the crop decoder of lib/frames decodes; libjpeg
  // is not measured.
  double read_ms = 0, check_ms = 0, scan_ms = 0, decode_ms = 0, resize_ms = 0;
  double fast_share = 0;  // share of the frames that the crop decoder can decode

  double ClipsPerSecond() const { return static_cast<double>(num_clips) / seconds; }
  double ClipsPerSecondPerCore() const { return static_cast<double>(num_clips) / cpu_s; }
  nlohmann::ordered_json ToJson() const;
  std::string ToText() const;
};

// Draws random clips and crops as training does, and loads them. Throws an input error if the
// shards cannot be read or hold no videos.
BenchLoaderReport RunBenchLoader(const BenchLoaderOptions& options);

}  // namespace reel3d
