// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>

#include "lib/annotations/label_forms.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/text_lines.h"
#include "lib/data/names.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 29;

bool BeginsWith(std::string_view text, std::string_view begin) {
  return text.substr(0, begin.size()) == begin;
}

// Returns the subset that a word of a file's name means, such as "trainlist", "val" or "testing".
std::optional<Subset> SubsetOfWord(std::string_view word) {
  if (BeginsWith(word, "train")) {
    return Subset::kTraining;
  }
  if (BeginsWith(word, "test")) {
    return Subset::kTesting;
  }
  if (word == "val" || word == "vallist" || BeginsWith(word, "valid")) {
    return Subset::kValidation;
  }
  return std::nullopt;
}

void AddFolder(const fs::path& folder, const std::optional<Subset>& subset,
               std::vector<AnnotationFile>* files) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().native().front() != '.' && it->is_regular_file(error)) {
      found.push_back(it->path());
    }
  }
  if (error) {
    throw ReadError("cannot look into " + Escaped(folder.string()), error.value());
  }
  if (found.empty()) {
    throw InputError(fmt::format("{}: holds no annotation file", Escaped(folder.string())));
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& path : found) {
    files->push_back({path, subset, true});
  }
}

}  // namespace

std::string AnnotationFile::lower_name() const { return InSmallLetters(name()); }

std::string AnnotationFile::Read() const { return ReadFile(path, kMaxBytes); }

std::string AnnotationFile::Head() const {
  constexpr size_t kHeadBytes = size_t{1} << 16;
  std::string head(kHeadBytes, '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(stream.gcount()));
  return std::string(WithoutByteOrderMark(head));
}

std::string AnnotationFile::FirstLine() const {
  constexpr size_t kMaxBytes = 4096;
  const std::string head = Head();
  const std::string line = head.substr(0, head.find_first_of("\r\n"));
  return line.size() <= kMaxBytes ? line : "";
}

Subset AnnotationFile::SubsetOfAll() const {
  if (said_subset) {
    return *said_subset;
  }
  std::set<Subset> subsets;
  std::string word;
  for (const char c : lower_name() + ".") {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += c;
    } else if (const std::optional<Subset> subset = SubsetOfWord(word); subset) {
      subsets.insert(*subset);
      word.clear();
    } else {
      word.clear();
    }
  }
  if (subsets.size() != 1) {
    throw InputError(
        fmt::format("{}: its name tells no subset and its rows do not either: write "
                    "training={}, validation={} or testing={}",
                    Escaped(path.string()), name(), name(), name()));
  }
  return *subsets.begin();
}

std::vector<AnnotationFile> FindAnnotationFiles(const std::vector<std::string>& names) {
  std::vector<AnnotationFile> files;
  for (const std::string& name : names) {
    const size_t equals = name.find('=');
    const std::optional<Subset> subset =
        equals == std::string::npos ? std::nullopt : SubsetCalled(name.substr(0, equals));
    const fs::path path = subset ? name.substr(equals + 1) : name;
    if (fs::is_directory(path)) {
      AddFolder(path, subset, &files);
    } else {
      RequireFile(path, "an annotation file");
      files.push_back({path, subset, false});
    }
  }
  return files;
}

std::optional<Subset> SubsetCalled(std::string_view name) {
  const std::string small = InSmallLetters(name);
  if (small == "train" || small == "training") {
    return Subset::kTraining;
  }
  if (small == "val" || small == "valid" || small == "validate" || small == "validation") {
    return Subset::kValidation;
  }
  if (small == "test" || small == "testing" || small == "holdout") {
    return Subset::kTesting;
  }
  return std::nullopt;
}

Subset RequireSubset(std::string_view name, const std::string& where) {
  const std::optional<Subset> subset = SubsetCalled(name);
  if (!subset) {
    throw InputError(fmt::format(
        "{}: '{}' is no subset: train, training, val, valid, validate, validation, test, testing "
        "and holdout are known",
        where, Escaped(name.substr(0, 100))));
  }
  return *subset;
}

}  // namespace reel3d
