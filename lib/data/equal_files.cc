// SPDX-License-Identifier: Apache-2.0
#include "lib/data/equal_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace reel3d {
namespace {

using Indices = std::vector<size_t>;

constexpr int64_t kGlanceBytes = 4096;
constexpr int64_t kEndBytes = 65536;

// Returns the first `first` and the last `last` bytes of a file of that size; none if it cannot be
// read.
std::optional<std::string> ReadEnds(const std::filesystem::path& file, int64_t size_bytes,
                                    int64_t first, int64_t last) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    return std::nullopt;
  }
  first = std::min(first, size_bytes);
  last = std::min(last, size_bytes);
  std::string bytes(static_cast<size_t>(first + last), '\0');
  const bool whole =
      pread(descriptor, bytes.data(), static_cast<size_t>(first), 0) == first &&
      pread(descriptor, bytes.data() + first, static_cast<size_t>(last), size_bytes - last) == last;
  close(descriptor);
  return whole ? std::optional(std::move(bytes)) : std::nullopt;
}

bool AreOnBothSides(const Indices& group, const std::vector<Subset>& subsets) {
  const auto has = [&](Subset subset) {
    return std::any_of(group.begin(), group.end(),
                       [&](size_t video) { return subsets[video] == subset; });
  };
  return has(Subset::kTraining) && has(Subset::kValidation);
}

// Returns groups of files of one size that are on both sides: sizes of few files come first, and
// large sizes before small ones.
std::vector<Indices> GroupsBySize(const VideoTree& tree, const std::vector<Subset>& subsets) {
  std::vector<std::pair<int64_t, size_t>> by_size;  // largest first, then in order
  for (size_t video = 0; video < tree.videos.size(); ++video) {
    if (tree.videos[video].size_bytes > 0 && subsets[video] != Subset::kTesting) {
      by_size.emplace_back(-tree.videos[video].size_bytes, video);
    }
  }
  std::sort(by_size.begin(), by_size.end());
  std::vector<Indices> groups;
  Indices group;
  for (size_t i = 0; i < by_size.size(); ++i) {
    group.push_back(by_size[i].second);
    if (i + 1 < by_size.size() && by_size[i + 1].first == by_size[i].first) {
      continue;
    }
    if (group.size() > 1 && AreOnBothSides(group, subsets)) {
      groups.push_back(group);
    }
    group.clear();
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Indices& a, const Indices& b) { return a.size() < b.size(); });
  return groups;
}

// Cuts a group into groups whose ends agree.
std::vector<Indices> GroupsByEnds(const VideoTree& tree, const Indices& group, int64_t first,
                                  int64_t last) {
  std::map<size_t, Indices> by_hash;
  for (const size_t video : group) {
    const FoundVideo& found = tree.videos[video];
    if (const auto bytes = ReadEnds(tree.PathOf(found), found.size_bytes, first, last)) {
      by_hash[std::hash<std::string>()(*bytes)].push_back(video);
    }
  }
  std::vector<Indices> groups;
  for (auto& [hash, videos] : by_hash) {
    groups.push_back(std::move(videos));
  }
  return groups;
}

void AddPairs(const Indices& group, const std::vector<Subset>& subsets, EqualFiles* equal) {
  const auto training = std::find_if(group.begin(), group.end(), [&](size_t video) {
    return subsets[video] == Subset::kTraining;
  });
  for (const size_t video : group) {
    if (subsets[video] == Subset::kValidation) {
      equal->pairs.emplace_back(video, *training);
    }
  }
}

}  // namespace

EqualFiles FindEqualFiles(const VideoTree& tree, const std::vector<Subset>& subsets,
                          size_t max_files) {
  EqualFiles found;
  for (const Indices& group : GroupsBySize(tree, subsets)) {
    if (group.size() > max_files) {
      found.num_unread += static_cast<int64_t>(group.size());
      continue;
    }
    max_files -= group.size();
    for (const Indices& alike : GroupsByEnds(tree, group, 0, kGlanceBytes)) {
      if (!AreOnBothSides(alike, subsets)) {
        continue;
      }
      for (const Indices& equal : GroupsByEnds(tree, alike, kEndBytes, kEndBytes)) {
        if (AreOnBothSides(equal, subsets)) {
          AddPairs(equal, subsets, &found);
        }
      }
    }
  }
  std::sort(found.pairs.begin(), found.pairs.end());
  return found;
}

}  // namespace reel3d
