// Reads lists of numbered classes, and names the classes of rows that hold only a number.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/delimited_text.h"

namespace reel3d {

constexpr int64_t kMostClasses = 100000;

// Reads lines "1 ApplyEyeMakeup", numbered from 1 without a gap, in any order.
std::vector<std::string> ReadNumberThenName(const AnnotationFile& file);
// Reads lines "clapping,0", numbered from 0 without a gap, in any order.
std::vector<std::string> ReadNameThenNumber(const AnnotationFile& file);
// Returns the names in the order of their numbers. Throws an input error if a number from `first`
// on is missing, or if there is no class.
std::vector<std::string> InOrderOfNumbers(const std::map<int64_t, std::string>& names,
                                          int64_t first, const std::string& source);

// Holds the names of classes of which the rows hold only the number. Without a list of names, the
// name of a class is its number, and the classes go from 0 to the highest number of the rows.
class NumberedClasses {
 public:
  // Takes the names of the request, if it has any.
  explicit NumberedClasses(const AnnotationRequest& request);
  // Takes the format's own list of names instead.
  void TakeNames(const std::vector<std::string>& names, const std::string& source);

  // Returns the name of class `number`. The view stays valid. Throws an input error that begins
  // with `where` if there is none.
  std::string_view Name(int64_t number, const std::string& where);
  // Gives the builder the official classes. Call it after all rows were read.
  void Finish(AnnotationBuilder* builder) const;

 private:
  bool has_list_;
  std::deque<std::string> names_;  // views of names stay valid
  std::string source_;
};

// Says how a format reads its files: lists of class names, and lists of rows that number the
// classes.
struct NumberedLists {
  bool (*is_class_list)(const AnnotationFile& file);
  std::vector<std::string> (*read_class_list)(const AnnotationFile& file);
  void (*read_rows)(const AnnotationFile& file, NumberedClasses* classes,
                    AnnotationBuilder* builder);
};

// Adds all files of the request to `builder`: the lists of names first, in whatever order the files
// were given, then the rows.
AnnotationSet ReadNumberedLists(const AnnotationRequest& request, const NumberedLists& lists,
                                AnnotationBuilder builder);

}  // namespace reel3d
