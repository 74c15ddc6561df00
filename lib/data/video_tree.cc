// SPDX-License-Identifier: Apache-2.0
#include "lib/data/video_tree.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <iterator>
#include <map>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text_lines.h"
#include "lib/data/names.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Returns "mp4" for "a.MP4"; "" where there is no extension.
std::string Extension(const fs::path& path) {
  std::string extension = path.extension().string();
  extension.erase(0, 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

std::string NameFault(std::string_view name) {
  return !name.empty() && WithoutByteOrderMark(name).empty() ? "is only a byte order mark"
                                                             : NewFieldFault(name);
}

// Returns the kind of a file that is not a regular file; "" for a regular file.
const char* OtherKind(mode_t mode) {
  return S_ISREG(mode) ? "" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

// Returns `below` up to its first folder or file whose name no table can hold; "" if there is none.
std::string_view BadPart(std::string_view below) {
  for (size_t begin = 0; begin < below.size();) {
    const size_t end = std::min(below.find('/', begin), below.size());
    if (!NameFault(below.substr(begin, end - begin)).empty()) {
      return below.substr(0, end);
    }
    begin = end + 1;
  }
  return "";
}

// Walks through folders in bytewise order of names, and follows links, but not a link to a folder
// above it.
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
    too_long_.clear();
    passed_over_ = {};
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
      passed_over_.made_by_tools.push_back(
          fmt::format("{} prepared videos in {} (prep-videos)", prepared.size(), folder.string()));
    }
    for (const fs::path& path : children) {
      if (prepared.count(path) == 0) {
        Take(path);
      }
    }
    above_.erase(real);
  }

  void Take(const fs::path& path) {
    struct stat status {};
    const int error = stat(path.c_str(), &status) == 0 ? 0 : errno;
    if (error == ENAMETOOLONG) {
      too_long_.push_back(path.native().substr(prefix_bytes_));
    } else if (error == ENOENT || error == ELOOP || error == ENOTDIR) {
      TakeFile(path, 0);  // a broken link: the stage that reads it reports it
    } else if (error != 0) {
      throw ReadError(CannotLook(path), error);
    } else if (S_ISDIR(status.st_mode)) {
      WalkUnlessMade(path);
    } else if (const std::string kind = OtherKind(status.st_mode); kind.empty()) {
      TakeFile(path, status.st_size);
    } else if (extensions_.count(Extension(path)) != 0) {
      passed_over_.not_files.push_back(fmt::format("{} ({})", path.string(), kind));
    }
  }

  static std::string CannotLook(const fs::path& path) {
    return fmt::format(
        "cannot look into {} (it lies in a SOURCE: make it readable, or move it elsewhere)",
        Escaped(path.string()));
  }

  void WalkUnlessMade(const fs::path& folder) {
    const std::string maker = filter_.maker_of_folder ? filter_.maker_of_folder(folder) : "";
    if (maker.empty()) {
      Walk(folder);
    } else {
      passed_over_.made_by_tools.push_back(fmt::format("{} ({})", folder.string(), maker));
    }
  }

  std::vector<fs::path> Children(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> paths;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->path().filename().native().front() != '.') {
        paths.push_back(it->path());
      } else if (IsHiddenLoss(*it)) {
        passed_over_.hidden.push_back(it->path().string());
      }
    }
    if (error) {
      throw ReadError(CannotLook(folder), error.value());
    }
    std::sort(paths.begin(), paths.end(),
              [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
    return paths;
  }

  // Returns whether a user may miss a hidden entry, because it is a folder or a video.
  bool IsHiddenLoss(const fs::directory_entry& entry) const {
    std::error_code error;
    return extensions_.count(Extension("name" + entry.path().filename().string())) != 0 ||
           entry.is_directory(error);
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
    if (!video.label.empty() && NameFault(video.label).empty()) {
      bool& has_videos = has_videos_[video.label];
      has_videos = has_videos || is_video;
    }
    if (is_video) {
      tree_.videos.push_back(std::move(video));
    } else {
      ++ignored_[NewFieldFault(extension).empty() ? extension : "?"];
    }
  }

  void EndSource() {
    for (const auto& [extension, count] : ignored_) {
      tree_.ignored[extension] += count;
    }
    for (const auto& [below, count] : bad_names_) {
      const std::string name = below.substr(below.rfind('/') + 1);
      tree_.bad_names.push_back({Escaped((source_ / below).string()), NameFault(name), count});
    }
    for (const std::string& below : too_long_) {
      tree_.bad_names.push_back(
          {Escaped((source_ / below).string()), "is a path too long for the system", 0});
    }
    std::vector<std::string>& hidden = passed_over_.hidden;
    std::sort(hidden.begin(), hidden.end());  // the system lists folders in any order
    tree_.passed_over.Append(passed_over_);
  }

  std::string WhatWasPassedOver() const {
    std::vector<std::string> parts;
    if (!ignored_.empty()) {
      parts.push_back("but " + ListExtensions(ignored_));
      const std::string advice = AdviceOnExtensions(ignored_);
      parts.back() += advice.empty() ? "" : fmt::format(" ({})", advice);
    }
    const size_t num_bad = bad_names_.size() + too_long_.size();
    for (size_t i = tree_.bad_names.size() - num_bad; i < tree_.bad_names.size(); ++i) {
      const VideoTree::BadName& bad = tree_.bad_names[i];
      parts.push_back(fmt::format("'{}' {}: rename it", bad.path, bad.fault));
    }
    const std::vector<std::string> more = passed_over_.Describe();
    parts.insert(parts.end(), more.begin(), more.end());
    std::string text;
    for (const std::string& part : parts) {
      text += (text.empty() ? ", " : "; ") + part;
    }
    return text.empty() ? ": it is empty" : text;
  }

  const TreeFilter& filter_;
  std::set<std::string> extensions_;
  fs::path source_;
  size_t prefix_bytes_ = 0;   // length of the source's path and a slash
  std::set<fs::path> above_;  // real paths from the source to the current folder
  // The next four describe the current source, as in VideoTree. too_long_ and bad_names_ are paths
  // below the source.
  ExtensionCounts ignored_;
  std::vector<std::string> too_long_;
  PassedOver passed_over_;
  std::map<std::string, int64_t> bad_names_;
  std::map<std::string, bool> has_videos_;  // by folder directly in a source
  VideoTree tree_;
};

}  // namespace

const std::set<std::string>& VideoExtensions() {
  static const std::set<std::string> extensions = {
      "3gp", "asf",  "avi", "divx", "f4v", "flv", "m2ts", "m4v", "mjpeg", "mjpg", "mkv", "mov",
      "mp4", "mpeg", "mpg", "mts",  "mxf", "ogv", "ts",   "vob", "webm",  "wmv",  "y4m"};
  return extensions;
}

void PassedOver::Append(const PassedOver& more) {
  const auto append = [](const std::vector<std::string>& from, std::vector<std::string>* to) {
    to->insert(to->end(), from.begin(), from.end());
  };
  append(more.made_by_tools, &made_by_tools);
  append(more.not_files, &not_files);
  append(more.hidden, &hidden);
}

std::vector<std::string> PassedOver::Describe() const {
  std::vector<std::string> sentences;
  const auto describe = [&](const char* how, const std::vector<std::string>& names) {
    if (!names.empty()) {
      sentences.push_back(fmt::format("passed over{}: {}", how, NameSome(names)));
    }
  };
  describe(" as made by reel3d's own tools", made_by_tools);
  describe(", as they are no files", not_files);
  describe(" as hidden, as the name begins with a dot", hidden);
  return sentences;
}

VideoTree FindVideos(const std::vector<std::string>& sources,
                     const std::vector<std::string>& more_extensions, const TreeFilter& filter) {
  Finder finder(more_extensions, filter);
  for (const std::string& source : sources) {
    finder.Search(source);
  }
  return finder.TakeTree();
}

}  // namespace reel3d
