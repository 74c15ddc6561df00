// SPDX-License-Identifier: Apache-2.0
#include "lib/data/video_tree.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/data/names.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

const std::set<std::string>& VideoExtensions() {
  static const std::set<std::string> extensions = {
      "3gp", "asf",  "avi", "divx", "f4v", "flv", "m2ts", "m4v", "mjpeg", "mjpg", "mkv", "mov",
      "mp4", "mpeg", "mpg", "mts",  "mxf", "ogv", "ts",   "vob", "webm",  "wmv",  "y4m"};
  return extensions;
}

// "MP4" of "a.MP4" becomes "mp4"; "" where there is none.
std::string Extension(const fs::path& path) {
  std::string extension = path.extension().string();
  extension.erase(0, 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

// The begin of `below` up to the first folder or file whose name no table can hold; "" if none is.
std::string_view BadPart(std::string_view below) {
  for (size_t begin = 0; begin < below.size();) {
    const size_t end = std::min(below.find('/', begin), below.size());
    if (!FieldFault(below.substr(begin, end - begin)).empty()) {
      return below.substr(0, end);
    }
    begin = end + 1;
  }
  return "";
}

// Walks through folders in bytewise order of names, follows links, and is not caught by a link to
// a folder above it.
class Finder {
 public:
  Finder(const std::vector<std::string>& extensions, const TreeFilter& filter)
      : filter_(filter), extensions_(VideoExtensions()) {
    for (const std::string& extension : extensions) {
      extensions_.insert(Extension("name." + extension.substr(extension.front() == '.' ? 1 : 0)));
    }
  }

  void Search(const fs::path& source) {
    RequireFolder(source, "a folder with a folder of videos for each class");
    source_ = fs::canonical(source);
    prefix_bytes_ = source_.native().size() + (source_.native().back() == '/' ? 0 : 1);
    above_.clear();
    ignored_.clear();
    bad_names_.clear();
    made_by_tools_.clear();
    tree_.sources.push_back(source_);
    const size_t before = tree_.videos.size();
    Walk(source_);
    EndSource();
    if (tree_.videos.size() == before) {
      throw InputError(
          fmt::format("{}: has no videos{}", Escaped(source.string()), WhatWasPassedOver()));
    }
  }

  VideoTree TakeTree() {
    for (const auto& [name, has_videos] : has_videos_) {
      if (!has_videos) {
        tree_.no_classes.push_back(name);
      }
    }
    return std::move(tree_);
  }

 private:
  void Walk(const fs::path& folder) {
    const fs::path real = fs::canonical(folder);
    if (!above_.insert(real).second) {
      LogWarn(
          fmt::format("{} leads back to a folder above it; passed over", Escaped(folder.string())));
      return;
    }
    const std::vector<fs::path> children = Children(folder);
    const std::set<fs::path> prepared = PreparedAmong(children);
    if (!prepared.empty()) {
      made_by_tools_.push_back(fmt::format("{} prepared videos in {} (prep-videos)",
                                           prepared.size(), Escaped(folder.string())));
    }
    for (const fs::path& path : children) {
      struct stat status {};
      const bool leads_somewhere = stat(path.c_str(), &status) == 0;
      if (leads_somewhere && S_ISDIR(status.st_mode)) {
        WalkUnlessMade(path);
      } else if (prepared.count(path) == 0) {
        TakeFile(path, leads_somewhere ? status.st_size : 0);
      }
    }
    above_.erase(real);
  }

  void WalkUnlessMade(const fs::path& folder) {
    const std::string maker = filter_.maker_of_folder ? filter_.maker_of_folder(folder) : "";
    if (maker.empty()) {
      Walk(folder);
    } else {
      made_by_tools_.push_back(fmt::format("{} ({})", Escaped(folder.string()), maker));
    }
  }

  static std::vector<fs::path> Children(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> paths;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->path().filename().string().front() != '.') {
        paths.push_back(it->path());
      }
    }
    if (error) {
      throw ReadError("cannot list " + folder.string(), error.value());
    }
    std::sort(paths.begin(), paths.end(),
              [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
    return paths;
  }

  std::set<fs::path> PreparedAmong(const std::vector<fs::path>& paths) const {
    constexpr size_t kSamples = 16;
    std::vector<fs::path> candidates;
    for (const fs::path& path : paths) {
      if (filter_.is_prepared && Extension(path) == "mkv") {
        candidates.push_back(path);
      }
    }
    const size_t num_samples = std::min(kSamples, candidates.size());
    bool found = false;
    for (size_t i = 0; i < num_samples && !found; ++i) {
      found = filter_.is_prepared(candidates[i * candidates.size() / num_samples]);
    }
    std::set<fs::path> prepared;
    if (found) {
      std::copy_if(candidates.begin(), candidates.end(), std::inserter(prepared, prepared.end()),
                   filter_.is_prepared);
    }
    return prepared;
  }

  void TakeFile(const fs::path& path, int64_t size_bytes) {
    FoundVideo video;
    video.source = tree_.sources.size() - 1;
    video.below = path.native().substr(prefix_bytes_);
    const size_t slash = video.below.find('/');
    video.label = video.below.substr(0, slash == std::string::npos ? 0 : slash);
    video.size_bytes = size_bytes;
    const std::string extension = Extension(path);
    const bool is_video = extensions_.count(extension) != 0;
    if (const std::string_view bad = BadPart(video.below); is_video && !bad.empty()) {
      ++bad_names_[std::string(bad)];
      return;
    }
    if (!video.label.empty() && FieldFault(video.label).empty()) {
      bool& has_videos = has_videos_[video.label];
      has_videos = has_videos || is_video;
    }
    if (is_video) {
      tree_.videos.push_back(std::move(video));
    } else {
      ++ignored_[FieldFault(extension).empty() ? extension : "?"];
    }
  }

  void EndSource() {
    for (const auto& [extension, count] : ignored_) {
      tree_.ignored[extension] += count;
    }
    for (const auto& [below, count] : bad_names_) {
      const std::string name = below.substr(below.rfind('/') + 1);
      tree_.bad_names.push_back({Escaped((source_ / below).string()), FieldFault(name), count});
    }
    tree_.made_by_tools.insert(tree_.made_by_tools.end(), made_by_tools_.begin(),
                               made_by_tools_.end());
  }

  std::string WhatWasPassedOver() const {
    std::vector<std::string> parts;
    if (!ignored_.empty()) {
      parts.push_back("but " + ListExtensions(ignored_));
      const std::string advice = AdviceOnExtensions(ignored_);
      parts.back() += advice.empty() ? "" : fmt::format(" ({})", advice);
    }
    for (size_t i = tree_.bad_names.size() - bad_names_.size(); i < tree_.bad_names.size(); ++i) {
      const VideoTree::BadName& bad = tree_.bad_names[i];
      parts.push_back(fmt::format("'{}' {}: rename it", bad.path, bad.fault));
    }
    if (!made_by_tools_.empty()) {
      parts.push_back("passed over as made by reel3d's own tools: " + NameSome(made_by_tools_));
    }
    std::string text;
    for (const std::string& part : parts) {
      text += (text.empty() ? ", " : "; ") + part;
    }
    return text.empty() ? ": it is empty" : text;
  }

  const TreeFilter& filter_;
  std::set<std::string> extensions_;
  fs::path source_;
  size_t prefix_bytes_ = 0;   // of the source's path and a slash
  std::set<fs::path> above_;  // real paths from the source to where we are
  // Of the source at hand, as in VideoTree; bad names by path below it.
  ExtensionCounts ignored_;
  std::map<std::string, int64_t> bad_names_;
  std::vector<std::string> made_by_tools_;
  std::map<std::string, bool> has_videos_;  // by folder directly in a source
  VideoTree tree_;
};

}  // namespace

VideoTree FindVideos(const std::vector<std::string>& sources,
                     const std::vector<std::string>& more_extensions, const TreeFilter& filter) {
  Finder finder(more_extensions, filter);
  for (const std::string& source : sources) {
    finder.Search(source);
  }
  return finder.TakeTree();
}

}  // namespace reel3d
