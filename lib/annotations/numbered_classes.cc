// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/numbered_classes.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

void AddName(int64_t number, std::string_view name, const DelimitedText& lines,
             std::map<int64_t, std::string>* names) {
  if (!names->emplace(number, name).second) {
    lines.Fail(
        fmt::format("number {} has the name '{}' already", number, Escaped(names->at(number))));
  }
}

}  // namespace

std::vector<std::string> InOrderOfNumbers(const std::map<int64_t, std::string>& names,
                                          int64_t first, const std::string& source) {
  std::vector<std::string> in_order;
  for (const auto& [number, name] : names) {
    if (number != first + static_cast<int64_t>(in_order.size())) {
      throw InputError(fmt::format("{}: no class has the number {}, but '{}' has {}", source,
                                   first + static_cast<int64_t>(in_order.size()), Escaped(name),
                                   number));
    }
    in_order.push_back(name);
  }
  if (in_order.empty()) {
    throw InputError(source + ": holds no class");
  }
  return in_order;
}

std::vector<std::string> ReadNumberThenName(const AnnotationFile& file) {
  const std::string text = file.Read();
  DelimitedText lines(text, file.path.string(), {'\n', false, false, true});
  std::map<int64_t, std::string> names;
  while (lines.NextRow()) {
    const std::string_view line = lines.fields().front();
    const size_t blank = std::min(line.find(' '), line.size());
    const int64_t number = lines.Integer(line.substr(0, blank), "index", 1, kMostClasses);
    AddName(number, line.substr(std::min(line.find_first_not_of(' ', blank), line.size())), lines,
            &names);
  }
  return InOrderOfNumbers(names, 1, file.path.string());
}

std::vector<std::string> ReadNameThenNumber(const AnnotationFile& file) {
  const std::string text = file.Read();
  DelimitedText lines(text, file.path.string(), {',', false, true, true});
  std::map<int64_t, std::string> names;
  while (lines.NextRow()) {
    if (lines.fields().size() != 2) {
      lines.Fail("is not <class>,<number>");
    }
    AddName(lines.Integer(lines.fields()[1], "number", 0, kMostClasses), lines.fields()[0], lines,
            &names);
  }
  return InOrderOfNumbers(names, 0, file.path.string());
}

NumberedClasses::NumberedClasses(const AnnotationRequest& request)
    : has_list_(!request.class_names.empty()),
      names_(request.class_names.begin(), request.class_names.end()),
      source_(request.class_source) {}

void NumberedClasses::TakeNames(const std::vector<std::string>& names, const std::string& source) {
  has_list_ = true;
  names_.assign(names.begin(), names.end());
  source_ = source;
}

std::string_view NumberedClasses::Name(int64_t number, const std::string& where) {
  const auto most = static_cast<int64_t>(has_list_ ? names_.size() : kMostClasses);
  if (number < 0 || number >= most) {
    throw InputError(fmt::format("{}: class number {} is not within 0 .. {}{}", where, number,
                                 most - 1, has_list_ ? " of " + source_ : ""));
  }
  while (names_.size() <= static_cast<size_t>(number)) {
    names_.push_back(std::to_string(names_.size()));
  }
  return names_[static_cast<size_t>(number)];
}

void NumberedClasses::Finish(AnnotationBuilder* builder) const {
  builder->SetOfficialClasses({names_.begin(), names_.end()},
                              has_list_ ? source_ : "the numbers of the classes");
}

AnnotationSet ReadNumberedLists(const AnnotationRequest& request, const NumberedLists& lists,
                                AnnotationBuilder builder) {
  NumberedClasses classes(request);
  for (const AnnotationFile& file : request.files) {
    if (lists.is_class_list(file)) {
      classes.TakeNames(lists.read_class_list(file), file.name());
    }
  }
  for (const AnnotationFile& file : request.files) {
    if (!lists.is_class_list(file)) {
      lists.read_rows(file, &classes, &builder);
    }
  }
  classes.Finish(&builder);
  return builder.Take();
}

}  // namespace reel3d
