// Finds videos that come from the same time of the same source, by their names alone.
//
// The names are those that the published data sets have: Kinetics' <id>_ssssss_eeeeee, with the
// seconds of begin and end, and ActivityNet's v_<id>; an id has 11 characters. Other videos are
// their own source: two rows of a manifest may name parts of one file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "lib/data/manifest.h"

namespace reel3d {

struct SourcePart {
  std::string source;             // "youtube:<id>", or "file:<path>"
  double begin_s = 0, end_s = 0;  // in the source; an unknown end is infinite
};

// Returns the source that the name of the file names, or else the id of the row, or else the file
// itself.
SourcePart SourceOf(const VideoRow& row, const std::string& file);

struct SourcePair {
  size_t a = 0, b = 0;  // numbers of the videos, a < b
  double offset_s = 0;  // b shows at t + offset_s what a shows at t
  double score = 0;     // the time that both show, as a share of the shorter video
};

// Returns the pairs whose times overlap, by a, then b.
std::vector<SourcePair> FindSourcePairs(const std::vector<SourcePart>& videos,
                                        const std::function<bool(size_t, size_t)>& comparable);

}  // namespace reel3d
