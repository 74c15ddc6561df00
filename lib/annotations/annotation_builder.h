// Collects the rows that a format reads. Refuses labels that no table can hold, invalid times, and
// rows that contradict each other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/annotations/annotation_files.h"
#include "lib/annotations/annotation_set.h"

namespace reel3d {

// Says how often a format may list the same video.
enum class SameVideo {
  kOnce,   // all rows of a video, or of one clip of it, have the same labels and subset
  kParts,  // a video may have many rows with different labels, even at the same time
};

class AnnotationBuilder {
 public:
  AnnotationBuilder(FileNaming naming, SameVideo same_video);

  // Sets the file of the rows that are added after this call.
  void BeginFile(const AnnotationFile& file);

  struct Row {
    std::string_view source;
    std::vector<std::string_view> labels;  // empty: not known
    Subset subset = Subset::kTraining;
    std::optional<double> begin_s, end_s;
  };
  // Throws an input error that names the file and `line` (in JSON: the number of the record).
  void Add(int64_t line, const Row& row);
  // Counts a row that the format's rule does not list.
  void LeaveOut(const std::string& reason) { ++set_.left_out[reason]; }
  // Counts a row that is added with other times than the file gives. `how` describes the change.
  void Change(const std::string& how) { ++set_.changed[how]; }

  // Sets the classes in the data set's own order. Throws an input error if the label of an added
  // row is not among them; Add() does the same for later rows.
  void SetOfficialClasses(std::vector<std::string> classes, std::string source);

  // Numbers the rows of each source. Leaves out rows that repeat another one. Throws an input error
  // if two rows contradict each other, if two labels have the same normal form (label_forms.h), or
  // if there is no row.
  AnnotationSet Take();

  [[noreturn]] void Fail(int64_t line, const std::string& why) const;

 private:
  int32_t LabelIndex(int64_t line, std::string_view label);
  void CheckLabels() const;
  void NumberSources();
  bool RepeatsOrContradicts(const AnnotationRow& first, const AnnotationRow& second) const;

  AnnotationSet set_;
  const SameVideo same_video_;
  std::unordered_map<std::string, int32_t> index_of_label_;
};

}  // namespace reel3d
