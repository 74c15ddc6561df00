// Collects the rows that a format reads, and checks what no format may give: labels that no table
// can hold, times that are no times, rows that contradict each other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/annotations/annotation_files.h"
#include "lib/annotations/annotation_set.h"

namespace reel3d {

// Says what the rows of a format may have in common with each other.
enum class SameVideo {
  kOnce,   // a video, or a clip of it, has one label and one subset
  kParts,  // a video may have many rows, of different labels, even of the same time
};

class AnnotationBuilder {
 public:
  AnnotationBuilder(FileNaming naming, SameVideo same_video);

  // Rows that are added from now on stand in this file.
  void BeginFile(const AnnotationFile& file);

  struct Row {
    std::string_view source;
    std::vector<std::string_view> labels;  // empty: not known
    Subset subset = Subset::kTraining;
    std::optional<double> begin_s, end_s;
  };
  // Throws an input error that names the file and `line` (of JSON: the number of the record).
  void Add(int64_t line, const Row& row);
  // Counts a row that the format's rule does not list.
  void LeaveOut(const std::string& reason) { ++set_.left_out[reason]; }
  // Counts a row that is added with other times than it has.
  void Change(const std::string& how) { ++set_.changed[how]; }

  // Gives the classes in the set's own order. All labels of rows, those that were added and those
  // that will be, must be among them: an input error otherwise.
  void SetOfficialClasses(std::vector<std::string> classes, std::string source);

  // Numbers the rows of each source. Leaves out rows that repeat another one. Throws an input error
  // where two rows contradict each other, two labels are one but for punctuation, or there is no
  // row.
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
