// Keeps shards from being replaced when they hold videos that cannot be prepared again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "lib/data/manifest.h"
#include "pipeline/stages/group_record.h"

namespace reel3d {

// Throws an input error if shards of the group's numbers in `folder` hold a video whose row is in
// the manifest, in any group, and whose source is gone: packing the group again would lose it.
// Shards that are damaged hold nothing to lose.
void RequireSourcesOfShards(const std::filesystem::path& folder, const Manifest& manifest,
                            const VideoGroup& group);

}  // namespace reel3d
