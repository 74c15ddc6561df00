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

// Holds files and folders that are passed over, although a user may expect to find them. Paths are
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
  std::vector<std::filesystem::path> sources;  // absolute and without links, in the given order
  std::vector<FoundVideo> videos;              // by source, then bytewise by name
  ExtensionCounts ignored;                     // other files
  // A BadName is a file or folder whose name no table can hold. `path` is escaped, `fault` is the
  // cause, and `num_videos` is the number of videos that are lost (for a folder, all below it). It
  // is 0 if the path is too long for the system.
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

// Recognises the output of reel3d's own tools, which must not be listed. An empty function
// recognises nothing.
struct TreeFilter {
  // Returns the tool that wrote all of this folder; "" if none did. It is not called for a source
  // itself.
  std::function<std::string(const std::filesystem::path& folder)> maker_of_folder;
  // Returns whether a .mkv is a prepared video. It is called for up to 16 .mkv files of a folder,
  // spread evenly, and for all of them if one is a prepared video.
  std::function<bool(const std::filesystem::path& file)> is_prepared;
};

// Returns the extensions of ordinary videos, in small letters without a dot. prep-videos reads
// files of all of them (tests/video/listed_extensions_test.cc).
const std::set<std::string>& VideoExtensions();

// Returns the files with the extensions of VideoExtensions() and `more_extensions`, in any case.
// Links are followed, hidden files and folders are passed over. Names that hold control characters
// or are not UTF-8 are passed over too, and stand in `bad_names`. Throws an input error if a source
// is not a folder, or has no videos: the error says what was passed over and which option takes it.
// Throws an error if the system does not allow reading a folder, because videos would be missing
// without a message.
VideoTree FindVideos(const std::vector<std::string>& sources,
                     const std::vector<std::string>& more_extensions,
                     const TreeFilter& filter = {});

}  // namespace reel3d
