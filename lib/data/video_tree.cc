// SPDX-License-Identifier: Apache-2.0
#include "lib/data/video_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
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

// Walks through folders in bytewise order of names, follows links, and is not caught by a link to
// a folder above it.
class Finder {
 public:
  explicit Finder(const std::vector<std::string>& extensions) : extensions_(VideoExtensions()) {
    for (const std::string& extension : extensions) {
      extensions_.insert(Extension("name." + extension.substr(extension.front() == '.' ? 1 : 0)));
    }
  }

  void Search(const fs::path& source) {
    RequireFolder(source, "a folder with a folder of videos for each class");
    source_ = fs::canonical(source);
    above_.clear();
    const size_t before = tree_.videos.size();
    Walk(source_);
    if (tree_.videos.size() == before) {
      throw InputError(fmt::format("{}: has no videos", source.string()));
    }
  }

  VideoTree TakeTree() { return std::move(tree_); }

 private:
  void Walk(const fs::path& folder) {
    const fs::path real = fs::canonical(folder);
    if (!above_.insert(real).second) {
      LogWarn(fmt::format("{} leads back to a folder above it; passed over", folder.string()));
      return;
    }
    for (const fs::path& path : Children(folder)) {
      std::error_code broken;
      if (fs::is_directory(path, broken)) {
        Walk(path);
      } else {
        TakeFile(path);
      }
    }
    above_.erase(real);
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

  void TakeFile(const fs::path& path) {
    const std::string extension = Extension(path);
    if (extensions_.count(extension) == 0) {
      ++tree_.ignored[FieldFault(extension).empty() ? extension : "?"];
      return;
    }
    FoundVideo video;
    video.path = path;
    video.below = path.lexically_relative(source_);
    video.label = video.below.has_parent_path() ? video.below.begin()->string() : "";
    if (const std::string fault = FieldFault(video.below.string()); !fault.empty()) {
      throw InputError(fmt::format("the name of {} {}: rename it", path.string(), fault));
    }
    tree_.videos.push_back(std::move(video));
  }

  std::set<std::string> extensions_;
  fs::path source_;
  std::set<fs::path> above_;  // real paths from the source to where we are
  VideoTree tree_;
};

std::string AsId(std::string text) {
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

// Ids from the shortest to the longest; the last level but one takes a number as well.
std::string IdOfLevel(const FoundVideo& video, int level) {
  fs::path name = video.below;
  switch (level) {
    case 0:
      return AsId(video.below.stem().string());
    case 1:
      return AsId(name.replace_extension().string());
    default:
      return AsId(video.below.string());
  }
}

}  // namespace

VideoTree FindVideos(const std::vector<std::string>& sources,
                     const std::vector<std::string>& more_extensions) {
  Finder finder(more_extensions);
  for (const std::string& source : sources) {
    finder.Search(source);
  }
  return finder.TakeTree();
}

std::vector<std::string> MakeIds(const std::vector<FoundVideo>& videos) {
  constexpr int kLastLevel = 2;
  std::vector<int> levels(videos.size(), 0);
  std::vector<std::string> ids(videos.size());
  for (bool settled = false; !settled;) {
    std::map<std::string, std::vector<size_t>> bearers;
    for (size_t i = 0; i < videos.size(); ++i) {
      ids[i] = IdOfLevel(videos[i], levels[i]);
      bearers[ids[i]].push_back(i);
    }
    settled = true;
    for (const auto& [id, sharing] : bearers) {
      for (const size_t i : sharing) {
        if (sharing.size() > 1 && levels[i] < kLastLevel) {
          ++levels[i];
          settled = false;
        }
      }
    }
  }
  std::set<std::string> taken;
  for (std::string& id : ids) {
    const std::string base = id;
    for (int number = 2; !taken.insert(id).second; ++number) {
      id = fmt::format("{}-{}", base, number);
    }
  }
  return ids;
}

}  // namespace reel3d
