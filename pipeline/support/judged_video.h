// Judges videos that a worker has prepared, in the same way for every tool that prepares some.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/data/manifest.h"
#include "lib/video/video_decoder.h"
#include "pipeline/support/prepare_video.h"

namespace reel3d {

// Returns the part of its file that a row names.
VideoPart PartOf(const VideoRow& row);

// Returns false if a part that was prepared together with others may have other frames than alone:
// damage or a restarted clock may lie before it.
bool IsSureTogether(const PreparedPart& prepared);

// Returns the faults of a prepared video; empty if there are none. Throws an input error if the
// video is truncated and `allow_truncated` is false.
std::string Judge(const DecodeSummary& summary, bool allow_truncated);

}  // namespace reel3d
