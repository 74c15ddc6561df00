// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/list_doubts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/log.h"
#include "lib/base/text_lines.h"
#include "lib/data/equal_files.h"
#include "lib/data/held_out_copies.h"
#include "lib/data/names.h"

namespace reel3d {

void WarnOfPassedOver(const VideoTree& tree) {
  for (const VideoTree::BadName& bad : tree.bad_names) {
    const std::string loss = bad.num_videos == 0   ? "it is"
                             : bad.num_videos == 1 ? "1 video is"
                                                   : fmt::format("{} videos are", bad.num_videos);
    LogWarn(fmt::format("'{}' {}: {} passed over; rename it", bad.path, bad.fault, loss));
  }
  for (const std::string& sentence : tree.passed_over.Describe()) {
    LogWarn(sentence);
  }
  if (!tree.no_classes.empty()) {
    LogWarn(fmt::format("folders without a video are no classes: {}", NameSome(tree.no_classes)));
  }
}

void UnifyLabels(std::vector<FoundVideo>* videos) {
  std::set<std::string> labels;
  std::set<std::string> marked;
  for (FoundVideo& video : *videos) {
    const std::string without(WithoutByteOrderMark(video.label));
    if (without != video.label) {
      marked.insert(without);
      video.label = without;
    }
    if (!video.label.empty()) {
      labels.insert(video.label);
    }
  }
  if (!marked.empty()) {
    LogWarn(
        fmt::format("folders whose names begin with a byte order mark are classes without it: {}",
                    NameSome({marked.begin(), marked.end()})));
  }
  // A class is always named by the composed Unicode form of its folder's name, so that it keeps its
  // name when a folder with the decomposed form is added.
  std::map<std::string, int> num_forms;
  for (const std::string& label : labels) {
    ++num_forms[ComposedForm(label)];
  }
  labels.clear();
  std::vector<std::string> joined;
  for (const auto& [name, count] : num_forms) {
    labels.insert(name);
    if (count > 1) {
      joined.push_back(name);
    }
  }
  for (FoundVideo& video : *videos) {
    video.label = ComposedForm(video.label);
  }
  if (!joined.empty()) {
    LogWarn(fmt::format("folders with the same name in different Unicode forms are one class: {}",
                        NameSome(joined)));
  }
  for (const std::vector<std::string>& alike : LookAlikes(labels)) {
    std::vector<std::string> shown;
    for (const std::string& name : alike) {
      shown.push_back(Escaped(name));
    }
    LogWarn(fmt::format("classes with nearly the same name: '{}'. Are they one?",
                        fmt::join(shown, "', '")));
  }
}

void WarnOfClasses(const std::vector<ClassCounts>& classes) {
  ClassCounts sum;
  std::vector<std::string> subsets;
  for (const ClassCounts& of_class : classes) {
    sum.training += of_class.training;
    sum.validation += of_class.validation;
    const std::string& name = of_class.name;
    if (name == "train" || name == "training" || name == "val" || name == "validation" ||
        name == "test") {
      subsets.push_back(name);
    }
  }
  if (!subsets.empty()) {
    LogWarn(fmt::format("folders named {} are taken for classes: a SOURCE holds one folder a class",
                        fmt::join(subsets, ", ")));
  }
  for (const Doubt& doubt : ClassDoubts(classes)) {
    LogWarn(doubt.text);
  }
  if (classes.size() == 1) {
    LogWarn(fmt::format("if the folders in {} are the classes, name it as the SOURCE",
                        classes.front().name));
  }
  if (sum.training == 0 && sum.validation == 0) {
    LogInfo("nothing to train on: videos directly in a SOURCE have no class");
  } else if (sum.training == 0) {
    LogWarn("every video is held out: nothing can be trained");
  } else if (sum.validation == 0) {
    LogWarn("no videos are held out: nothing can be judged (--validation-fraction)");
  }
}

void WarnOfEqualFiles(const VideoTree& tree, const std::vector<Subset>& subsets) {
  // Opening a file takes longer than finding it, so only a small part of a large collection is
  // opened.
  constexpr size_t kFewFiles = 5000;
  constexpr size_t kShare = 50;
  const EqualFiles equal =
      FindEqualFiles(tree, subsets, std::max(kFewFiles, tree.videos.size() / kShare));
  HeldOutCopies copies;
  for (const auto& [held_out, training] : equal.pairs) {
    copies.emplace_back(tree.videos[held_out].below, tree.videos[training].below);
  }
  for (const Doubt& doubt : DoubtOfCopies(copies, "content")) {
    LogWarn(doubt.text);
  }
  if (equal.num_unread > 0) {
    LogInfo(
        fmt::format("{} videos have the size of others and were not compared: pack-shards "
                    "finds those of equal frames",
                    equal.num_unread));
  }
}

}  // namespace reel3d
