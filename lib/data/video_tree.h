// Finds videos in folder trees, where the folders directly in a source are classes. Only
// `TreeFilter` opens files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "lib/data/other_files.h"

namespace reel3d {

struct FoundVideo {
  size_t source = 0;       // index into VideoTree::sources
  std::string below;       // path below the source
  std::string label;       // the first folder of `below`; empty where there is none
  int64_t size_bytes = 0;  // 0: empty, or a link that leads nowhere
};

// Holds files and folders that are not taken for videos although a user may miss them. Paths are
// not escaped.
struct PassedOver {
  std::vector<std::string> made_by_tools;  // recognised by TreeFilter; with the maker
  std::vector<std::string> not_files;      // pipes, sockets and devices with a video's extension
  std::vector<std::string> hidden;         // folders, and videos, whose name begins with a dot

  void Append(const PassedOver& more);
  // Returns a sentence without full stop for each list that is not empty, with escaped names.
  std::vector<std::string> Describe() const;
};

struct VideoTree {
  std::vector<std::filesystem::path> sources;  // absolute, as given
  std::vector<FoundVideo> videos;              // by source, then bytewise by name
  ExtensionCounts ignored;                     // other files
  // BadName is the name of a file or folder that no table can hold, escaped. It holds the cause and
  // the number of videos that are lost, for a folder all that are below it. The number is 0 if the
  // path is too long for the system to look at.
  struct BadName {
    std::string path, fault;
    int64_t num_videos = 0;
  };
  std::vector<BadName> bad_names;
  PassedOver passed_over;
  std::vector<std::string> no_classes;  // folders directly in a source that hold no video

  std::filesystem::path PathOf(const FoundVideo& video) const {
    return sources[video.source] / video.below;
  }
};

// Recognises the output of reel3d's own tools, which is not to be listed. An empty function
// recognises nothing.
struct TreeFilter {
  // Returns the tool that wrote all of this folder; "" if none did. It is not asked about a source
  // itself.
  std::function<std::string(const std::filesystem::path& folder)> maker_of_folder;
  // Returns whether a .mkv is a prepared video. It is asked about up to 16 files of a folder,
  // spread evenly over it, and about all if it is true of one.
  std::function<bool(const std::filesystem::path& file)> is_prepared;
};

// Returns the extensions of ordinary videos, in small letters without a dot. prep-videos reads
// files of all of them (tests/video/listed_extensions_test.cc).
const std::set<std::string>& VideoExtensions();

// Takes files with these extensions and `more_extensions`, in any case. Hidden files and folders
// are passed over, links followed. Names with control characters, or that are not UTF-8, are passed
// over too and stand in `bad_names`. Throws an input error where a source is no folder or has no
// videos: it says what was passed over, and what takes it. Throws an error as well where the system
// does not let us look into a folder: videos would be missing without a word.
VideoTree FindVideos(const std::vector<std::string>& sources,
                     const std::vector<std::string>& more_extensions,
                     const TreeFilter& filter = {});

}  // namespace reel3d
