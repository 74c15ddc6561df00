// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <unordered_map>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace {

// Throws an input error that begins with `source`, naming the line from 1.
void CheckClasses(const std::vector<std::string>& classes, const std::string& source) {
  std::unordered_map<std::string, size_t> line_of_class;
  for (size_t i = 0; i < classes.size(); ++i) {
    std::string fault = classes[i].empty() ? "is empty" : FieldFault(classes[i]);
    const auto [first, is_new] = line_of_class.emplace(classes[i], i + 1);
    if (fault.empty() && !is_new) {
      fault = fmt::format("stands in line {} already", first->second);
    }
    if (!fault.empty()) {
      throw InputError(fmt::format("{}:{}: class name '{}' {}", source, i + 1, classes[i], fault));
    }
  }
}

}  // namespace

std::vector<std::string> ReadClasses(const std::filesystem::path& file) {
  const std::string text = ReadFile(file);
  std::vector<std::string> classes;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const bool has_return = end > begin && text[end - 1] == '\r';
    classes.push_back(text.substr(begin, end - begin - (has_return ? 1 : 0)));
    begin = end + 1;
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

}  // namespace reel3d
