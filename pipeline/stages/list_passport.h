// Makes the passport that list-videos writes beside a manifest.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/passport.h"

namespace reel3d {

// Key of the number of sources, such as videos of YouTube, that have clips in more than one subset.
constexpr const char* kSharedSources = "sources_in_two_subsets";

// `text` is the manifest's text. Its checksum tells later whether the manifest was changed. `facts`
// is an object of what else is known, such as checksums of annotation files.
Passport MakeListPassport(const Manifest& manifest, const std::string& text,
                          const std::vector<MissingFile>& missing,
                          const nlohmann::ordered_json& facts);

}  // namespace reel3d
