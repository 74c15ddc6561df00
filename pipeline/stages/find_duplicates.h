// The stage behind find-duplicates: finds videos of a data set that show the same content. It
// compares the names and times of their sources, and their pictures.
//
// It writes one table (pipeline/stages/duplicate_table.h) and, if asked, a manifest without the
// videos that leak from one subset into another. Both files are the same for any number of threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct FindDuplicatesOptions {
  std::string manifest, data_dir, out;
  std::string against, against_data;
  std::string drop_from = "none";
  int search_depth = 0;
  double max_failed_fraction = 0.01;
  int threads = 0;
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct FindDuplicatesReport {
  int64_t num_videos = 0;       // rows of the manifests
  int64_t num_missing = 0;      // videos without stored frames, compared only by name
  int64_t num_failed = 0;       // videos with damaged frames, compared only by name
  int64_t num_pictures = 0;     // pictures that were hashed
  int64_t num_voting = 0;       // pictures that are not flat or dark
  int64_t num_commonplace = 0;  // pictures that resemble too many others to begin a pair
  int64_t num_by_source = 0, num_by_pictures = 0, num_by_both = 0;  // pairs
  std::map<std::string, int64_t> num_by_subsets;  // "training, validation" -> pairs
  std::string kept_manifest;                      // path; "" if no manifest was asked for
  int64_t num_dropped = 0;

  int64_t num_pairs() const { return num_by_source + num_by_pictures + num_by_both; }
  nlohmann::ordered_json ToJson() const;
  std::string ToText() const;
};

// Throws a usage error if an output exists without `overwrite` or would replace an input. Throws an
// input error if too many videos are damaged, or if all videos of `drop_from` would be dropped.
FindDuplicatesReport RunFindDuplicates(const FindDuplicatesOptions& options);

}  // namespace reel3d
