// SPDX-License-Identifier: Apache-2.0
#include "pipeline/list_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/data/manifest.h"
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

struct FoundVideo {
  fs::path path;   // to open it
  fs::path below;  // below its source
  std::string label;
};

// Walks through folders in bytewise order of names, follows links, and is not caught by a link to
// a folder above it.
class Finder {
 public:
  Finder(const std::vector<std::string>& extensions, ListVideosReport* report) : report_(report) {
    extensions_ = VideoExtensions();
    for (const std::string& extension : extensions) {
      extensions_.insert(Extension("name." + extension.substr(extension.front() == '.' ? 1 : 0)));
    }
  }

  void Search(const fs::path& source) {
    RequireFolder(source, "a folder with a folder of videos for each class");
    source_ = fs::canonical(source);
    above_.clear();
    const size_t before = found_.size();
    Walk(source_);
    if (found_.size() == before) {
      throw InputError(fmt::format("{}: has no videos", source.string()));
    }
  }

  std::vector<FoundVideo> TakeFound() { return std::move(found_); }

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
      throw SystemError("cannot list " + folder.string(), error.value());
    }
    std::sort(paths.begin(), paths.end(),
              [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
    return paths;
  }

  void TakeFile(const fs::path& path) {
    const std::string extension = Extension(path);
    if (extensions_.count(extension) == 0) {
      ++report_->ignored[FieldFault(extension).empty() ? extension : "?"];
      return;
    }
    FoundVideo video;
    video.path = path;
    video.below = path.lexically_relative(source_);
    video.label = video.below.has_parent_path() ? video.below.begin()->string() : "";
    if (const std::string fault = FieldFault(video.below.string()); !fault.empty()) {
      throw InputError(fmt::format("the name of {} {}: rename it", path.string(), fault));
    }
    found_.push_back(std::move(video));
  }

  std::set<std::string> extensions_;
  ListVideosReport* report_;
  fs::path source_;
  std::set<fs::path> above_;  // real paths from the source to where we are
  std::vector<FoundVideo> found_;
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

std::vector<std::string> ClassesOf(const std::vector<FoundVideo>& videos) {
  std::set<std::string> classes;
  for (const FoundVideo& video : videos) {
    if (!video.label.empty()) {
      classes.insert(video.label);
    }
  }
  return {classes.begin(), classes.end()};
}

Manifest MakeManifest(const std::vector<FoundVideo>& videos, const SplitResult& split,
                      const fs::path& folder) {
  const std::vector<std::string> ids = MakeIds(videos);
  Manifest manifest;
  manifest.folder = folder;
  for (size_t i = 0; i < videos.size(); ++i) {
    VideoRow row;
    row.id = ids[i];
    row.path = videos[i].path.lexically_relative(folder).string();
    row.label = videos[i].label;
    row.subset = split.subsets[i];
    manifest.videos.push_back(std::move(row));
  }
  return manifest;
}

void CountClasses(const Manifest& manifest, const std::vector<std::string>& classes,
                  ListVideosReport* report) {
  std::map<std::string, ListVideosReport::Counts> counts;
  for (const VideoRow& row : manifest.videos) {
    ListVideosReport::Counts& of_class = counts[row.label];
    ++(row.subset == Subset::kTraining     ? of_class.training
       : row.subset == Subset::kValidation ? of_class.validation
                                           : of_class.testing);
  }
  for (const std::string& name : classes) {
    report->classes.emplace_back(name, counts[name]);
  }
  if (counts.count("") != 0) {
    report->classes.emplace_back("", counts[""]);
  }
  report->num_videos = static_cast<int64_t>(manifest.videos.size());
}

// Equal content is no conflict: the same command may run twice.
void WriteUnlessOther(const fs::path& file, const std::string& text, bool overwrite) {
  if (fs::exists(file)) {
    if (ReadFile(file) == text) {
      return;
    }
    if (!overwrite) {
      throw UsageError(fmt::format("{} exists and would change: name another file, or --overwrite",
                                   file.string()));
    }
  }
  WriteFileAtomically(file, text);
}

}  // namespace

void ListVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("SOURCE", &sources, "folder with one folder of videos for each class");
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest to write; classes.txt goes beside it");
  binder.Bind(
      "extensions", &extensions,
      "take files with these extensions too, beyond those of ordinary videos (mp4,avi,...)");
  split.Bind(binder);
  binder.Bind("overwrite", &overwrite, "replace a manifest that lists other videos",
              Effect::kRunOnly);
}

ListVideosReport RunListVideos(const ListVideosOptions& options) {
  ListVideosReport report;
  Finder finder(options.extensions, &report);
  for (const std::string& source : options.sources) {
    finder.Search(source);
  }
  const std::vector<FoundVideo> videos = finder.TakeFound();
  std::vector<SplitItem> items;
  for (const FoundVideo& video : videos) {
    items.push_back({video.below.string(), video.label});
  }
  const SplitResult split = SplitVideos(items, options.split);
  report.num_groups = split.num_groups;

  const fs::path file = fs::absolute(options.manifest);
  MakeFolders(file.parent_path());
  const Manifest manifest = MakeManifest(videos, split, fs::canonical(file.parent_path()));
  const std::vector<std::string> classes = ClassesOf(videos);
  const std::string text = FormatManifest(manifest);
  WriteUnlessOther(file.parent_path() / "classes.txt", FormatClasses(classes), options.overwrite);
  WriteUnlessOther(file, text, options.overwrite);
  CountClasses(manifest, classes, &report);
  return report;
}

nlohmann::ordered_json ListVideosReport::ToJson() const {
  nlohmann::ordered_json json = {{"num_videos", num_videos}, {"num_groups", num_groups}};
  json["classes"] = nlohmann::ordered_json::object();
  for (const auto& [name, counts] : classes) {
    json["classes"][name] = {{"training", counts.training},
                             {"validation", counts.validation},
                             {"testing", counts.testing}};
  }
  json["ignored"] = ignored;
  return json;
}

std::string ListVideosReport::ToText() const {
  size_t width = std::string("unlabelled").size();
  for (const auto& [name, counts] : classes) {
    width = std::max(width, name.size());
  }
  constexpr const char* kRow = "{:<{}}  {:>8}  {:>10}  {:>7}\n";
  std::string text = fmt::format(kRow, "class", width, "training", "validation", "testing");
  Counts sum;
  for (const auto& [name, counts] : classes) {
    text += fmt::format(kRow, name.empty() ? "unlabelled" : name, width, counts.training,
                        counts.validation, counts.testing);
    sum.training += counts.training;
    sum.validation += counts.validation;
    sum.testing += counts.testing;
  }
  text += fmt::format(kRow, "all", width, sum.training, sum.validation, sum.testing);
  for (const auto& [extension, count] : ignored) {
    text += fmt::format("{} other files {}\n", count,
                        extension.empty() ? "without extension" : "." + extension);
  }
  return text;
}

}  // namespace reel3d
