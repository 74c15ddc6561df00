// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/text_lines.h"
#include "lib/data/manifest.h"
#include "lib/data/names.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace {

// Throws an input error that begins with `source` and names the line from 1.
void CheckClasses(const std::vector<std::string>& classes, const std::string& source) {
  std::unordered_map<std::string, size_t> line_of_class;
  for (size_t i = 0; i < classes.size(); ++i) {
    std::string fault = classes[i].empty() ? "is empty: delete the line" : FieldFault(classes[i]);
    if (fault.empty() && WithoutByteOrderMark(classes[i]).size() < classes[i].size()) {
      fault = "begins with a byte order mark, which is lost when the list is read";
    }
    const auto [first, is_new] = line_of_class.emplace(classes[i], i + 1);
    if (fault.empty() && !is_new) {
      fault = fmt::format("stands in line {} already: delete one", first->second);
    }
    if (!fault.empty()) {
      throw InputError(
          fmt::format("{}:{}: class name '{}' {}", source, i + 1, Escaped(classes[i]), fault));
    }
  }
}

}  // namespace

std::vector<std::string> ReadClasses(const std::filesystem::path& file) {
  const std::string text = ReadFile(file);
  TextLines lines(text, file.string());
  std::vector<std::string> classes;
  for (std::string_view line; lines.Next(&line);) {
    // A file that was joined from several files has a byte order mark where each of them began.
    classes.emplace_back(WithoutByteOrderMark(line));
  }
  CheckClasses(classes, file.string());
  return classes;
}

std::string FormatClasses(const std::vector<std::string>& classes) {
  CheckClasses(classes, "classes");
  std::string text;
  for (const std::string& name : classes) {
    text += name + "\n";
  }
  return text;
}

void WriteClasses(const std::filesystem::path& file, const std::vector<std::string>& classes) {
  WriteFileAtomically(file, FormatClasses(classes));
}

namespace {

std::vector<std::string> Composed(const std::vector<std::string>& classes) {
  std::vector<std::string> composed;
  for (const std::string& name : classes) {
    composed.push_back(ComposedForm(name));
  }
  return composed;
}

// Returns the names of `one` that `other` lacks, quoted.
std::vector<std::string> NamesOnlyIn(const std::vector<std::string>& one,
                                     const std::vector<std::string>& other) {
  const std::unordered_set<std::string> others(other.begin(), other.end());
  std::vector<std::string> only;
  for (const std::string& name : one) {
    if (others.count(name) == 0) {
      only.push_back("'" + name + "'");
    }
  }
  return only;
}

}  // namespace

std::string ClassDifference(const NamedClasses& one, const NamedClasses& other) {
  const std::vector<std::string> ours = Composed(one.classes);
  const std::vector<std::string> theirs = Composed(other.classes);
  if (ours == theirs) {
    return "";
  }
  const std::vector<std::string> only_ours = NamesOnlyIn(ours, theirs);
  const std::vector<std::string> only_theirs = NamesOnlyIn(theirs, ours);
  if (only_ours.empty() && only_theirs.empty() && ours.size() == theirs.size()) {
    const auto [our, their] = std::mismatch(ours.begin(), ours.end(), theirs.begin());
    return fmt::format(
        "the names are the same in another order: class {} is '{}' in {} and '{}' "
        "in {}",
        our - ours.begin(), *our, one.name, *their, other.name);
  }
  constexpr size_t kNames = 4;
  std::string text = fmt::format("{} knows {} classes and {} has {}", one.name, ours.size(),
                                 other.name, theirs.size());
  for (const auto& [name, only] : {std::pair(one.name, only_ours), {other.name, only_theirs}}) {
    text += only.empty() ? "" : fmt::format("; only {} has {}", name, NameSome(only, kNames));
  }
  return text;
}

}  // namespace reel3d
