// SPDX-License-Identifier: Apache-2.0
#include "pipeline/list_videos.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/data/manifest.h"
#include "lib/data/video_tree.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

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
// Whether it wrote.
bool WriteUnlessOther(const fs::path& file, const std::string& text, bool overwrite) {
  if (fs::exists(file)) {
    if (ReadFile(file) == text) {
      return false;
    }
    if (!overwrite) {
      throw UsageError(fmt::format(
          "{} lists other videos or another split: --overwrite replaces it (under make: "
          "OVERWRITE=yes), or name a file in another folder",
          file.string()));
    }
  }
  WriteFileAtomically(file, text);
  return true;
}

// What is no fault, but would show only when something has been trained for days.
void WarnOfDoubts(const ListVideosReport& report) {
  ListVideosReport::Counts sum;
  std::vector<std::string> unjudged;
  std::vector<std::string> subsets;
  for (const auto& [name, counts] : report.classes) {
    sum.training += counts.training;
    sum.validation += counts.validation;
    if (!name.empty() && counts.validation == 0) {
      unjudged.push_back(name);
    }
    if (name == "train" || name == "training" || name == "val" || name == "validation" ||
        name == "test") {
      subsets.push_back(name);
    }
  }
  if (!subsets.empty()) {
    LogWarn(fmt::format("folders named {} are taken for classes: a SOURCE holds one folder a class",
                        fmt::join(subsets, ", ")));
  }
  if (sum.training == 0) {
    LogInfo("nothing to train on: videos directly in a SOURCE have no class");
  } else if (sum.validation == 0) {
    LogWarn("no videos are held out: nothing can be judged (--validation-fraction)");
  } else if (!unjudged.empty()) {
    LogWarn(fmt::format("no video is held out of {}", fmt::join(unjudged, ", ")));
  }
}

}  // namespace

void ListVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("SOURCE", &sources, "folder with one folder of videos for each class");
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest to write; classes.txt goes beside it");
  binder.Bind(
      "extensions", &extensions,
      "take files with these extensions too, beyond those of ordinary videos (mp4,avi,...)");
  split.Bind(binder);
  binder.Bind("overwrite", &overwrite, "replace a manifest that lists other videos", Effect::kOnce);
}

ListVideosReport RunListVideos(const ListVideosOptions& options) {
  const VideoTree tree = FindVideos(options.sources, options.extensions);
  const std::vector<FoundVideo>& videos = tree.videos;
  std::vector<SplitItem> items;
  for (const FoundVideo& video : videos) {
    items.push_back({video.below.string(), video.label});
  }
  const SplitResult split = SplitVideos(items, options.split);
  const fs::path file = fs::absolute(options.manifest);
  MakeFolders(file.parent_path());
  const Manifest manifest = MakeManifest(videos, split, fs::canonical(file.parent_path()));
  const std::vector<std::string> classes = ClassesOf(videos);
  const std::string text = FormatManifest(manifest);
  RemoveStaleTemporaries(file.parent_path());
  if (options.overwrite && fs::exists(file) && ReadFile(file) != text) {
    // If this is killed, there must be no manifest with another one's classes.
    fs::remove(file);
  }
  WriteUnlessOther(file.parent_path() / "classes.txt", FormatClasses(classes), options.overwrite);
  ListVideosReport report;
  report.unchanged = !WriteUnlessOther(file, text, options.overwrite);
  report.manifest = options.manifest;
  report.num_groups = split.num_groups;
  report.ignored = tree.ignored;
  CountClasses(manifest, classes, &report);
  WarnOfDoubts(report);
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
  if (unchanged) {
    return fmt::format("{}: {} videos, as before\n", manifest, num_videos);
  }
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
  std::vector<std::string> others;
  for (const auto& [extension, count] : ignored) {
    others.push_back(
        fmt::format("{} {}", count, extension.empty() ? "without extension" : "." + extension));
  }
  if (!others.empty()) {
    text += fmt::format("passed over as no videos: {}\n", fmt::join(others, ", "));
  }
  return text;
}

}  // namespace reel3d
