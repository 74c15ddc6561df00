// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/list_annotated.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "lib/annotations/annotation_format.h"
#include "lib/annotations/class_order.h"
#include "lib/annotations/file_rules.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/tsv_writer.h"
#include "lib/data/names.h"
#include "lib/data/passport.h"
#include "lib/data/video_ids.h"
#include "pipeline/stages/list_doubts.h"
#include "pipeline/stages/own_output.h"
#include "pipeline/stages/source_paths.h"
#include "pipeline/stages/whole_videos.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostNamed = 10;

// Returns the ids of the rows: <video>, or <video>#<n> if the annotations have several rows of the
// video. They do not depend on the files on disk.
std::vector<std::string> IdsOf(const AnnotationSet& set) {
  std::vector<std::string> ids;
  ids.reserve(set.rows.size());
  std::unordered_map<std::string, size_t> place_of_source;
  std::vector<std::string> names;
  if (set.naming == FileNaming::kPath) {
    std::vector<FoundVideo> sources;
    for (const AnnotationRow& row : set.rows) {
      if (place_of_source.emplace(row.source, sources.size()).second) {
        FoundVideo source;
        source.below = row.source;
        sources.push_back(std::move(source));
      }
    }
    names = MakeIds(sources);
  }
  for (const AnnotationRow& row : set.rows) {
    std::string id = names.empty() ? NameOfRow(set, row) : names[place_of_source.at(row.source)];
    const bool times_tell = set.naming == FileNaming::kClip && row.begin_s;
    if (row.number > 0 && !times_tell) {
      id += fmt::format("#{}", row.number);
    }
    ids.push_back(std::move(id));
  }
  return ids;
}

void RequireOneLabelEach(const AnnotationSet& set) {
  for (const AnnotationRow& row : set.rows) {
    if (row.labels.size() > 1) {
      throw InputError(
          fmt::format("{}: video '{}' has {} labels, but a video is trained and judged with one: "
                      "--several-labels first takes the first of each",
                      set.PlaceOf(row), Escaped(row.source), row.labels.size()));
    }
  }
}

AnnotationSet ReadSet(const AnnotationOptions& options, AnnotatedReport* report) {
  AnnotationRequest request;
  request.files = FindAnnotationFiles(options.annotations);
  request.split = options.split;
  request.frames_per_second = options.annotation_fps;
  if (IsClassFile(options.class_order)) {
    request.class_names = ReadClasses(options.class_order);
    request.class_source = options.class_order;
  }
  report->is_guess = options.format.empty();
  AnnotationSet set = ReadAnnotations(options.format, request);
  report->format = set.format;
  report->left_out = set.left_out;
  report->changed = set.changed;
  if (report->is_guess) {
    LogInfo(fmt::format("the annotations are taken to be of the format {} (--format)", set.format));
  }
  if (options.untrimmed == Untrimmed::kWhole) {
    return WholeVideos(std::move(set));
  }
  if (options.several_labels == SeveralLabels::kRefuse) {
    RequireOneLabelEach(set);
  }
  return set;
}

VideoTree FindTree(const std::vector<std::string>& sources,
                   const std::vector<std::string>& extensions) {
  VideoTree tree = FindVideos(sources, extensions, OwnOutput());
  tree.no_classes.clear();  // the annotations say what is a class
  WarnOfPassedOver(tree);
  return tree;
}

void CountExtra(const VideoTree& tree, const FileMatches& matches, AnnotatedReport* report) {
  std::vector<bool> is_named(tree.videos.size(), false);
  for (const FileMatch& match : matches.matches) {
    if (match.file >= 0) {
      is_named[static_cast<size_t>(match.file)] = true;
    }
  }
  for (size_t i = 0; i < is_named.size(); ++i) {
    if (is_named[i]) {
      continue;
    }
    ++report->num_extra;
    if (report->some_extra.size() < kMostNamed) {
      report->some_extra.push_back(tree.videos[i].below);
    }
  }
}

void Count(const AnnotationSet& set, const FileMatches& matches, AnnotatedReport* report) {
  for (size_t i = 0; i < set.rows.size(); ++i) {
    const bool is_found = matches.matches[i].file >= 0;
    AnnotatedReport::Counts& counts = report->subsets[static_cast<size_t>(set.rows[i].subset)];
    ++counts.expected;
    counts.found += is_found ? 1 : 0;
    const std::string& rule = matches.rules[static_cast<size_t>(matches.matches[i].rule)];
    ++(is_found ? report->rules : report->missing)[rule];
    if (!is_found && report->explained.size() < kMostNamed) {
      report->explained.push_back(fmt::format("{} ({}): {}; looked for {}",
                                              Escaped(set.rows[i].source), set.PlaceOf(set.rows[i]),
                                              rule, fmt::join(TriedPaths(set, set.rows[i]), ", ")));
    }
  }
  if (report->rules.empty()) {
    throw InputError(
        fmt::format("none of the {} rows of {} has its file below the SOURCE; the "
                    "first is {}",
                    set.rows.size(), NameSome(set.files, 3), report->explained.front()));
  }
}

bool HasSeveralLabels(const AnnotationSet& set) {
  return std::any_of(set.rows.begin(), set.rows.end(),
                     [](const AnnotationRow& row) { return row.labels.size() > 1; });
}

std::string FormatLabels(const AnnotationSet& set, const std::vector<std::string>& ids) {
  TsvWriter table({"id", "label", "subset"});
  for (size_t i = 0; i < set.rows.size(); ++i) {
    for (const int label : set.rows[i].labels) {
      table.Row(ids[i], set.labels[static_cast<size_t>(label)], SubsetName(set.rows[i].subset));
    }
  }
  return table.text();
}

VideoRow MakeRow(const AnnotationSet& set, const AnnotationRow& row, bool is_part) {
  VideoRow made;
  made.label = set.Label(row);
  made.subset = row.subset;
  if (!is_part) {
    made.begin_s = row.begin_s;
    made.end_s = row.end_s;
  }
  return made;
}

}  // namespace

void AnnotationOptions::Bind(OptionBinder& binder) {
  binder.Bind(
      "annotations", &annotations,
      "read labels and subsets from these annotation files or folders (a,b,...). validation=FILE "
      "gives the subset of a list that states none. Empty: the folders of SOURCE are the classes");
  binder.Bind("format", &format,
              "format of the annotations, such as kinetics-csv; a wrong name prints all formats. "
              "Empty: guess it, which succeeds if only one format fits the files");
  binder.Bind("split", &split, {0, 100},
              "number of the split to take if the annotations hold several (ucf101, hmdb51). 0: "
              "the only split");
  binder.Bind("class-order", &class_order,
              "order of the classes, which decides the index of each class: sorted, annotation, "
              "mmaction2, torchvision, or a FILE with one class a line. Empty: the order of the "
              "data set's own list, else sorted");
  binder.Bind("annotation-fps", &annotation_fps, {0, 1000},
              "frames per second, for annotations that give begin and end as frame numbers. 0: "
              "refuse such annotations");
  binder.Choice("several-labels", &several_labels,
                "what to do with videos that have several labels");
  binder.Choice("untrimmed", &untrimmed,
                "what to list of long videos with annotated segments. With `whole` the manifest "
                "holds the first label of each video and VIDEOS.labels.tsv holds all, for "
                "evaluate-scores --labels");
  binder.Bind("explain-missing", &explain_missing,
              "print the paths that were tried for the first missing files", Effect::kRunOnly);
}

void AnnotationOptions::Check() const {
  if (!are_used() && (!format.empty() || split != 0 || !class_order.empty() ||
                      untrimmed != Untrimmed::kSegments)) {
    throw UsageError("--format, --split, --class-order and --untrimmed need --annotations");
  }
}

AnnotatedVideos ListAnnotated(const AnnotationOptions& options,
                              const std::vector<std::string>& sources,
                              const std::vector<std::string>& extensions, const fs::path& folder) {
  AnnotatedVideos videos;
  AnnotatedReport& report = videos.report;
  const AnnotationSet set = ReadSet(options, &report);
  const ClassOrder order = OrderClasses(set, options.class_order);
  videos.classes = order.classes;
  report.class_order = order.source;
  for (const std::string& file : set.files) {
    report.files.emplace_back(file, PassportChecksum(ReadFile(file)));
  }
  const VideoTree tree = FindTree(sources, extensions);
  const FileMatches matches = MatchFiles(tree, set);
  Count(set, matches, &report);
  CountExtra(tree, matches, &report);
  const SourcePaths paths(tree, folder);
  std::vector<std::string> ids = IdsOf(set);
  if (HasSeveralLabels(set) || options.untrimmed == Untrimmed::kWhole) {
    videos.labels = FormatLabels(set, ids);
  }
  videos.manifest.folder = folder;
  videos.manifest.videos.reserve(set.rows.size());
  for (size_t i = 0; i < set.rows.size(); ++i) {
    const FileMatch& match = matches.matches[i];
    VideoRow row = MakeRow(set, set.rows[i], match.is_part);
    row.id = std::move(ids[i]);
    if (match.file >= 0) {
      row.path = paths.Of(tree.videos[static_cast<size_t>(match.file)]);
      videos.manifest.videos.push_back(std::move(row));
    } else {
      videos.missing.push_back({std::move(row.id), std::move(row.label), row.subset,
                                matches.rules[static_cast<size_t>(match.rule)]});
    }
  }
  return videos;
}

nlohmann::ordered_json AnnotatedReport::ToJson() const {
  nlohmann::ordered_json json = Facts();
  for (const Subset subset : {Subset::kTraining, Subset::kValidation, Subset::kTesting}) {
    const Counts& counts = subsets[static_cast<size_t>(subset)];
    json["subsets"][SubsetName(subset)] = {{"expected", counts.expected},
                                           {"found", counts.found},
                                           {"missing", counts.expected - counts.found}};
  }
  return json;
}

nlohmann::ordered_json AnnotatedReport::Facts() const {
  nlohmann::ordered_json json = {{"format", format}, {"class_order", class_order}};
  json["found_by"] = rules;
  json["missing_because"] = missing;
  json["left_out"] = left_out;
  json["changed"] = changed;
  json["num_extra"] = num_extra;
  // Names without folders are the same on another machine.
  std::map<std::string, int> num_of_name;
  for (const auto& [file, checksum] : files) {
    ++num_of_name[fs::path(file).filename()];
  }
  for (const auto& [file, checksum] : files) {
    const std::string name = fs::path(file).filename();
    json["annotations_crc32"][num_of_name.at(name) > 1 ? file : name] = checksum;
  }
  return json;
}

std::string AnnotatedReport::ToText() const {
  std::string text = fmt::format("format {}{}, classes in the order of {}\n", format,
                                 is_guess ? " (guessed)" : "", class_order);
  constexpr const char* kRow = "{:<12}{:>10}{:>10}{:>10}\n";
  text += fmt::format(kRow, "subset", "expected", "found", "missing");
  for (const Subset subset : {Subset::kTraining, Subset::kValidation, Subset::kTesting}) {
    const Counts& counts = subsets[static_cast<size_t>(subset)];
    text += fmt::format(kRow, SubsetName(subset), counts.expected, counts.found,
                        counts.expected - counts.found);
  }
  const auto list = [&](const char* what, const std::map<std::string, int64_t>& counts) {
    for (const auto& [reason, count] : counts) {
      text += fmt::format("{}: {} {}\n", what, count, reason);
    }
  };
  list("found by", rules);
  list("missing", missing);
  list("left out", left_out);
  list("changed", changed);
  if (num_extra > 0) {
    text += fmt::format("on disk, but in no row: {} ({})\n", num_extra, NameSome(some_extra, 3));
  }
  return text;
}

}  // namespace reel3d
