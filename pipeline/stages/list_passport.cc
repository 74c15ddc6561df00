// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/list_passport.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <utility>

#include "lib/duplicates/source_pairs.h"

namespace reel3d {
namespace {

size_t HashOfSource(const VideoRow& row) {
  return std::hash<std::string>()(SourceOf(row, row.path).source);
}

// Returns the number of sources that have videos in more than one subset. Hashes take a tenth of
// the memory that the names of a million sources take.
int64_t CountSharedSources(const Manifest& manifest) {
  std::vector<std::pair<size_t, Subset>> sources;
  sources.reserve(manifest.videos.size());
  for (const VideoRow& row : manifest.videos) {
    sources.emplace_back(HashOfSource(row), row.subset);
  }
  std::sort(sources.begin(), sources.end());
  sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
  int64_t num_shared = 0;
  for (size_t i = 0; i < sources.size();) {
    const auto end =
        std::find_if(sources.begin() + static_cast<std::ptrdiff_t>(i), sources.end(),
                     [&](const auto& other) { return other.first != sources[i].first; });
    const auto next = static_cast<size_t>(end - sources.begin());
    num_shared += next - i > 1 ? 1 : 0;
    i = next;
  }
  return num_shared;
}

}  // namespace

Passport MakeListPassport(const Manifest& manifest, const std::string& text,
                          const std::vector<MissingFile>& missing,
                          const nlohmann::ordered_json& facts) {
  Passport passport;
  passport.list = {{Passport::kOfManifest, PassportChecksum(text)},
                   {kSharedSources, CountSharedSources(manifest)}};
  passport.list.update(facts);
  CountListed(manifest, missing, &passport);
  return passport;
}

}  // namespace reel3d
