// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/list_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/plural.h"
#include "lib/data/manifest.h"
#include "lib/data/names.h"
#include "lib/data/other_files.h"
#include "lib/data/tsv.h"
#include "lib/data/video_ids.h"
#include "lib/data/video_tree.h"
#include "pipeline/stages/list_doubts.h"
#include "pipeline/stages/own_output.h"

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

// Returns the path of a source's videos from `folder`, to which `below` is added; "" where that
// depends on the video, as the folder lies in the source.
std::string PrefixOfSource(const fs::path& source, const fs::path& folder) {
  const fs::path from_source = folder.lexically_relative(source);
  if (!from_source.empty() && *from_source.begin() != "..") {
    return "";
  }
  const std::string prefix = source.lexically_relative(folder).string() + "/";
  if (const std::string fault = NewFieldFault(prefix); !fault.empty()) {
    throw InputError(fmt::format("the path of SOURCE from VIDEOS.tsv, '{}', {}: rename the folder",
                                 Escaped(prefix), fault));
  }
  return prefix;
}

Manifest MakeManifest(const VideoTree& tree, const SplitResult& split, const fs::path& folder) {
  std::vector<std::string> prefixes;
  for (const fs::path& source : tree.sources) {
    prefixes.push_back(PrefixOfSource(source, folder));
  }
  std::vector<std::string> ids = MakeIds(tree.videos);
  Manifest manifest;
  manifest.folder = folder;
  manifest.videos.reserve(tree.videos.size());
  for (size_t i = 0; i < tree.videos.size(); ++i) {
    const FoundVideo& video = tree.videos[i];
    const std::string& prefix = prefixes[video.source];
    VideoRow row;
    row.id = std::move(ids[i]);
    row.path = prefix.empty() ? tree.PathOf(video).lexically_relative(folder).string()
                              : prefix + video.below;
    row.label = video.label;
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

// Returns true if it wrote. Equal content is no conflict: the same command may run twice.
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

}  // namespace

void ListVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("SOURCE", &sources, "folder with one folder of videos for each class");
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest to write; classes.txt goes beside it");
  binder.Bind("extensions", &extensions,
              "further file extensions to take, beyond those of ordinary videos (mp4,avi,...)");
  split.Bind(binder);
  binder.Bind("overwrite", &overwrite, "replace a manifest that lists other videos", Effect::kOnce);
}

ListVideosReport RunListVideos(const ListVideosOptions& options) {
  VideoTree tree = FindVideos(options.sources, options.extensions, OwnOutput());
  WarnOfPassedOver(tree);
  UnifyLabels(&tree.videos);
  std::vector<SplitItem> items;
  items.reserve(tree.videos.size());
  for (const FoundVideo& video : tree.videos) {
    items.push_back({video.below, video.label});
  }
  const SplitResult split = SplitVideos(items, options.split);
  const fs::path file = fs::absolute(options.manifest);
  MakeFolders(file.parent_path());
  const Manifest manifest = MakeManifest(tree, split, fs::canonical(file.parent_path()));
  const std::vector<std::string> classes = ClassesOf(tree.videos);
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
  report.bad_names = tree.bad_names;
  CountClasses(manifest, classes, &report);
  std::vector<ClassCounts> counts;
  for (const auto& [name, of_class] : report.classes) {
    if (!name.empty()) {
      counts.push_back({name, of_class.training, of_class.validation});
    }
  }
  WarnOfClasses(counts);
  WarnOfEqualFiles(tree, split.subsets);
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
  for (const VideoTree::BadName& bad : bad_names) {
    json["bad_names"].push_back(
        {{"path", bad.path}, {"fault", bad.fault}, {"num_videos", bad.num_videos}});
  }
  return json;
}

std::string ListVideosReport::ToText() const {
  if (unchanged) {
    return fmt::format("{}: {}, as before\n", manifest, Count(num_videos, "video"));
  }
  size_t width = std::string("unlabelled").size();
  for (const auto& [name, counts] : classes) {
    width = std::max(width, Escaped(name).size());
  }
  constexpr const char* kRow = "{:<{}}  {:>8}  {:>10}  {:>7}\n";
  std::string text = fmt::format(kRow, "class", width, "training", "validation", "testing");
  Counts sum;
  for (const auto& [name, counts] : classes) {
    text += fmt::format(kRow, name.empty() ? "unlabelled" : Escaped(name), width, counts.training,
                        counts.validation, counts.testing);
    sum.training += counts.training;
    sum.validation += counts.validation;
    sum.testing += counts.testing;
  }
  text += fmt::format(kRow, "all", width, sum.training, sum.validation, sum.testing);
  if (!ignored.empty()) {
    text += fmt::format("passed over as no videos: {}\n", ListExtensions(ignored));
  }
  int64_t num_bad = 0;
  for (const VideoTree::BadName& bad : bad_names) {
    num_bad += bad.num_videos;
  }
  if (num_bad > 0) {
    text += fmt::format("passed over for their names: {}\n", num_bad);
  }
  return text;
}

}  // namespace reel3d
