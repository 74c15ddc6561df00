// SPDX-License-Identifier: Apache-2.0
#include "lib/data/video_ids.h"

#include <fmt/format.h>

#include <cctype>
#include <string_view>
#include <unordered_map>

#include "lib/base/rng.h"
#include "lib/data/manifest.h"

namespace reel3d {
namespace {

constexpr int kLastLevel = 2;

// Returns the part of the path below the source that an id is made of. Level 0: the file name
// without extension. 1: the path without extension. 2: the path.
std::string_view NameOfLevel(std::string_view below, int level) {
  if (level == kLastLevel) {
    return below;
  }
  const size_t file_name = below.rfind('/') + 1;
  const size_t dot = below.rfind('.');
  const bool has_extension = dot != std::string_view::npos && dot > file_name;
  const std::string_view without = below.substr(0, has_extension ? dot : below.size());
  return level == 0 ? without.substr(file_name) : without;
}

std::string AsId(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) == 0 && c != '.' && c != '_' && c != '-') {
      c = c == '/' ? '-' : '_';
    }
  }
  if (text.front() == '.') {
    text.front() = '_';
  }
  return text;
}

// Returns `id` if it is short enough, else its begin and a hash of `name`.
std::string Fitted(std::string id, std::string_view name) {
  constexpr size_t kBeginBytes = 103;  // 120 with - and the hash
  if (id.size() <= kMaxIdBytes) {
    return id;
  }
  size_t end = kBeginBytes;
  while (end > 0 && (static_cast<unsigned char>(id[end]) & 0xC0U) == 0x80U) {
    --end;  // not in the middle of a character
  }
  return fmt::format("{}-{:016x}", id.substr(0, end), StableHash(name));
}

std::string IdOfLevel(const FoundVideo& video, int level) {
  const std::string_view name = NameOfLevel(video.below, level);
  return Fitted(AsId(name), name);
}

// Adds numbers to ids that are still equal, in order: "a", "a-2", "a-3".
void NumberEqualIds(std::vector<std::string>* ids) {
  std::unordered_map<std::string, int> last_number;
  last_number.reserve(ids->size());
  for (std::string& id : *ids) {
    const std::string base = id;
    while (!last_number.emplace(id, 1).second) {
      const std::string numbered = fmt::format("{}-{}", base, ++last_number[base]);
      id = Fitted(numbered, numbered);
    }
  }
}

}  // namespace

std::vector<std::string> MakeIds(const std::vector<FoundVideo>& videos) {
  std::vector<int> levels(videos.size(), 0);
  std::vector<std::string> ids(videos.size());
  for (bool settled = false; !settled;) {
    std::unordered_map<std::string_view, int> bearers;
    bearers.reserve(videos.size());
    for (size_t i = 0; i < videos.size(); ++i) {
      ids[i] = IdOfLevel(videos[i], levels[i]);
    }
    for (const std::string& id : ids) {
      ++bearers[id];
    }
    settled = true;
    for (size_t i = 0; i < videos.size(); ++i) {
      if (levels[i] < kLastLevel && bearers[ids[i]] > 1) {
        ++levels[i];
        settled = false;
      }
    }
  }
  NumberEqualIds(&ids);
  return ids;
}

}  // namespace reel3d
