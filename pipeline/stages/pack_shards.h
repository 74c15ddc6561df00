// The stage behind pack-shards: copies prepared videos into shards.
//
//   00000.h5 ...            see lib/shard/shard_format.h
//   index.tsv, classes.txt  see lib/shard/shard_set.h
//
// Each prepared file is read twice, once for its frames' sizes and checksums and once for their
// bytes. So the memory needed does not depend on the size of a shard. Only the manifest and the
// index, some hundred bytes per video, grow with the data set.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"
#include "pipeline/support/packing_options.h"

namespace reel3d {

struct PackShardsOptions : PackingOptions {
  std::string manifest, prepared_dir, out_dir;
  double max_failed_fraction = 0.01;
  bool allow_unfinished = false;
  int threads = 0;
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const {}
};

struct PackShardsReport {
  int64_t num_videos = 0;        // rows of the manifest
  int64_t num_packed = 0;        // in the shards now
  int64_t num_not_prepared = 0;  // prep-videos failed on them; failed.tsv has its reasons
  int64_t num_failed = 0;        // prepared, but not a video that can be packed
  int64_t num_shards = 0;
  int64_t num_shards_kept = 0;  // complete and up to date before
  int64_t num_frames = 0;
  bool over_tolerance = false;

  nlohmann::ordered_json ToJson() const;
};

// Throws an input error if the manifest, the classes or the folder of prepared videos are wrong. A
// video that cannot be packed is counted, and listed in failed.tsv.
PackShardsReport RunPackShards(PackShardsOptions options);

}  // namespace reel3d
