// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/list_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/names.h"
#include "lib/data/other_files.h"
#include "lib/data/video_ids.h"
#include "lib/data/video_tree.h"
#include "pipeline/stages/list_doubts.h"
#include "pipeline/stages/list_passport.h"
#include "pipeline/stages/own_output.h"
#include "pipeline/stages/source_paths.h"

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

Manifest MakeManifest(const VideoTree& tree, const SplitResult& split, const fs::path& folder) {
  const SourcePaths paths(tree, folder);
  std::vector<std::string> ids = MakeIds(tree.videos);
  Manifest manifest;
  manifest.folder = folder;
  manifest.videos.reserve(tree.videos.size());
  for (size_t i = 0; i < tree.videos.size(); ++i) {
    const FoundVideo& video = tree.videos[i];
    VideoRow row;
    row.id = std::move(ids[i]);
    row.path = paths.Of(video);
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

void WarnOfCounts(const ListVideosReport& report, bool by_folders) {
  std::vector<ClassCounts> counts;
  for (const auto& [name, of_class] : report.classes) {
    if (!name.empty()) {
      counts.push_back({name, of_class.training, of_class.validation});
    }
  }
  if (by_folders) {
    WarnOfClasses(counts);
    return;
  }
  for (const Doubt& doubt : ClassDoubts(counts)) {
    LogWarn(doubt.text);
  }
}

// The files that stand beside a manifest, and the manifest itself, which is written last.
struct Outputs {
  const Manifest& manifest;
  const std::vector<std::string>& classes;
  // Those of annotated videos.
  std::optional<std::vector<MissingFile>> missing = std::nullopt;
  std::string labels = "";  // the table; "": there is none
  nlohmann::ordered_json facts = nlohmann::ordered_json::object();
};

std::optional<std::string> TableOf(const std::optional<std::vector<MissingFile>>& missing) {
  return missing ? std::optional(FormatMissingFiles(*missing)) : std::nullopt;
}

// A file of a list: its text, or nothing if the list has no such table. A table of an earlier list
// must not remain beside the new manifest.
struct OutputFile {
  fs::path path;
  std::optional<std::string> text;

  bool IsDone() const {
    return text ? fs::exists(path) && ReadFile(path) == *text : !fs::exists(path);
  }
  // Throws a usage error if the file belongs to another list. The same command may run twice.
  void RequireOurs() const {
    if (fs::exists(path) && !IsDone()) {
      throw UsageError(
          text ? fmt::format(
                     "{} lists other videos or another split: --overwrite replaces it "
                     "(under make: make list OVERWRITE=yes; LIST=no keeps it), or name a file in "
                     "another folder",
                     path.string())
               : fmt::format("{} belongs to another list: --overwrite removes it", path.string()));
    }
  }
  void Write() const {
    if (IsDone()) {
      return;
    }
    if (text) {
      WriteFileAtomically(path, *text);
    } else {
      fs::remove(path);
    }
  }
};

std::optional<std::string> UnlessEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

void RequireNoFolder(const fs::path& path) {
  if (fs::is_directory(path)) {
    throw InputError(path.string() + ": is a folder, and a table of the list has this name");
  }
}

void WarnOfSharedSources(const Passport& passport) {
  const auto num_shared = passport.list.at(kSharedSources).get<int64_t>();
  if (num_shared > 0) {
    LogWarn(
        fmt::format("{} clips in more than one subset, so that figures may be too good: "
                    "find-duplicates finds those that overlap or show the same",
                    Count(num_shared, "source has", "sources have")));
  }
}

// Returns whether the manifest was written. Without `overwrite`, throws a usage error before
// anything is written if a file belongs to another list.
bool WriteOutputs(const fs::path& file, const Outputs& outputs, bool overwrite) {
  const OutputFile manifest = {file, FormatManifest(outputs.manifest)};
  // A passport follows its manifest. For the same videos it may state other facts, such as how many
  // videos no row names.
  const Passport passport =
      MakeListPassport(outputs.manifest, *manifest.text,
                       outputs.missing.value_or(std::vector<MissingFile>()), outputs.facts);
  WarnOfSharedSources(passport);
  const std::array<OutputFile, 3> others = {{
      {file.parent_path() / "classes.txt", FormatClasses(outputs.classes)},
      {MissingFilesPath(file), TableOf(outputs.missing)},
      {fs::path(file).replace_extension(".labels.tsv"), UnlessEmpty(outputs.labels)},
  }};
  if (!overwrite) {
    manifest.RequireOurs();
    std::for_each(others.begin(), others.end(), [](const auto& other) { other.RequireOurs(); });
  }
  RequireNoFolder(ManifestPassportPath(file));
  std::for_each(others.begin(), others.end(),
                [](const auto& other) { RequireNoFolder(other.path); });
  RemoveStaleTemporaries(file.parent_path());
  const bool is_new = !manifest.IsDone();
  if (is_new) {
    // If this process is killed, no old manifest must remain beside new classes.
    fs::remove(file);
  }
  std::for_each(others.begin(), others.end(), [](const auto& other) { other.Write(); });
  OutputFile{ManifestPassportPath(file), FormatPassport(passport)}.Write();
  manifest.Write();
  return is_new;
}

ListVideosReport ListFolders(const ListVideosOptions& options, const fs::path& file) {
  VideoTree tree = FindVideos(options.sources, options.extensions, OwnOutput());
  WarnOfPassedOver(tree);
  UnifyLabels(&tree.videos);
  std::vector<SplitItem> items;
  items.reserve(tree.videos.size());
  for (const FoundVideo& video : tree.videos) {
    items.push_back({video.below, video.label});
  }
  const SplitResult split = SplitVideos(items, options.split);
  MakeFolders(file.parent_path());
  const Manifest manifest = MakeManifest(tree, split, fs::canonical(file.parent_path()));
  const std::vector<std::string> classes = ClassesOf(tree.videos);
  ListVideosReport report;
  report.unchanged = !WriteOutputs(file, {manifest, classes}, options.overwrite);
  report.num_groups = split.num_groups;
  report.ignored = tree.ignored;
  report.bad_names = tree.bad_names;
  CountClasses(manifest, classes, &report);
  WarnOfCounts(report, /*by_folders=*/true);
  WarnOfEqualFiles(tree, split.subsets);
  return report;
}

ListVideosReport ListByAnnotations(const ListVideosOptions& options, const fs::path& file) {
  MakeFolders(file.parent_path());
  AnnotatedVideos videos = ListAnnotated(options.annotated, options.sources, options.extensions,
                                         fs::canonical(file.parent_path()));
  ListVideosReport report;
  report.unchanged = !WriteOutputs(
      file, {videos.manifest, videos.classes, videos.missing, videos.labels, videos.report.Facts()},
      options.overwrite);
  CountClasses(videos.manifest, videos.classes, &report);
  WarnOfCounts(report, /*by_folders=*/false);
  report.explain_missing = options.annotated.explain_missing;
  report.annotated = std::move(videos.report);
  return report;
}

// Returns an object with a member for each class. The usual way to add a member searches all those
// before it, so its time grows by the square of their number. These names are known to differ.
nlohmann::ordered_json ClassesToJson(
    const std::vector<std::pair<std::string, ListVideosReport::Counts>>& classes) {
  using Members = nlohmann::ordered_json::object_t;
  Members members;
  for (const auto& [name, counts] : classes) {
    static_cast<Members::Container&>(members).emplace_back(
        name, nlohmann::ordered_json{{"training", counts.training},
                                     {"validation", counts.validation},
                                     {"testing", counts.testing}});
  }
  return members;
}

}  // namespace

void ListVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("SOURCE", &sources,
                    "folder with one folder of videos for each class; with --annotations, a folder "
                    "of videos in any arrangement");
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest to write; classes.txt goes beside it");
  binder.Bind(
      "extensions", &extensions,
      "take files with these extensions too, beyond those of ordinary videos (mp4,avi,...)");
  annotated.Bind(binder);
  split.Bind(binder);
  binder.Bind("overwrite", &overwrite, "replace a manifest that lists other videos", Effect::kOnce);
}

ListVideosReport RunListVideos(const ListVideosOptions& options) {
  const fs::path file = fs::absolute(options.manifest);
  ListVideosReport report =
      options.annotated.are_used() ? ListByAnnotations(options, file) : ListFolders(options, file);
  report.manifest = options.manifest;
  return report;
}

nlohmann::ordered_json ListVideosReport::ToJson() const {
  nlohmann::ordered_json json = {{"num_videos", num_videos}, {"num_groups", num_groups}};
  json["classes"] = ClassesToJson(classes);
  json["ignored"] = ignored;
  for (const VideoTree::BadName& bad : bad_names) {
    json["bad_names"].push_back(
        {{"path", bad.path}, {"fault", bad.fault}, {"num_videos", bad.num_videos}});
  }
  if (annotated) {
    json["annotated"] = annotated->ToJson();
  }
  return json;
}

std::string ListVideosReport::ToText() const {
  if (annotated) {
    return AnnotatedText();
  }
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

std::string ListVideosReport::AnnotatedText() const {
  std::string text = unchanged ? fmt::format("{}: {} videos, as before\n", manifest, num_videos)
                               : annotated->ToText();
  if (explain_missing) {
    for (const std::string& sentence : annotated->explained) {
      text += "missing " + sentence + "\n";
    }
  }
  return text;
}

}  // namespace reel3d
