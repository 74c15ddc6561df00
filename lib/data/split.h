// Chooses the videos that are held out for validation. Videos of one group (a person, a source
// video) never straddle training and validation. The result depends only on names and options, so
// it is the same on every machine.
//
// The rule: groups are gathered into strata, one for each class; a group with videos of several
// classes belongs to one further stratum. Within a stratum of G groups, the round(fraction * G)
// with the smallest hash of (split seed, group name) are held out, but never all of them unless the
// fraction is 1. So small classes are held out evenly. A group that is added or removed moves at
// most one other group. Without a regular expression each video is a group of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/data/manifest.h"

namespace reel3d {

struct SplitOptions {
  std::string group_regex;
  double validation_fraction = 0.25;
  std::vector<std::string> validation_groups;
  int64_t split_seed = 0;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct SplitItem {
  std::string name;   // path below the source, independent of other videos
  std::string label;  // empty where unknown
};

struct SplitResult {
  std::vector<Subset> subsets;  // of each item; testing where the label is unknown
  int num_groups = 0;           // of labelled items
};

// Groups whose names are the same in different Unicode forms are one group. Throws an input error
// that names the items whose file name and path do not match the regular expression, or a
// validation group that no item belongs to.
SplitResult SplitVideos(const std::vector<SplitItem>& items, const SplitOptions& options);

}  // namespace reel3d
