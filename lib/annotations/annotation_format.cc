// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/base/error.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

std::string JoinNames(const std::vector<const AnnotationFormat*>& formats) {
  std::string text;
  for (const AnnotationFormat* format : formats) {
    text += (text.empty() ? "" : ", ") + std::string(format->name);
  }
  return text;
}

const AnnotationFormat& FormatCalled(const std::string& name) {
  for (const AnnotationFormat* format : AnnotationFormats()) {
    if (name == format->name) {
      return *format;
    }
  }
  throw UsageError(fmt::format("--format {}: no such format; the formats are {}", name,
                               JoinNames(AnnotationFormats())));
}

// Removes the files of folders that `format` does not recognise.
void DropOthers(const AnnotationFormat& format, std::vector<AnnotationFile>* files) {
  const std::vector<AnnotationFile> all = *files;
  files->erase(std::remove_if(files->begin(), files->end(),
                              [&](const AnnotationFile& file) {
                                return file.from_folder && !format.recognises(file);
                              }),
               files->end());
  if (files->empty()) {
    throw InputError(fmt::format("{}: none of its files looks like one of the format {} ({})",
                                 Escaped(all.front().path.parent_path().string()), format.name,
                                 format.description));
  }
}

}  // namespace

std::vector<std::string> AnnotationFormatNames() {
  std::vector<std::string> names;
  for (const AnnotationFormat* format : AnnotationFormats()) {
    names.emplace_back(format->name);
  }
  return names;
}

const AnnotationFormat& GuessFormat(const std::vector<AnnotationFile>& files) {
  std::vector<const AnnotationFormat*> candidates;
  bool any = false;
  for (const AnnotationFile& file : files) {
    std::vector<const AnnotationFormat*> of_file;
    for (const AnnotationFormat* format : AnnotationFormats()) {
      if (format->recognises(file) &&
          (!any || std::count(candidates.begin(), candidates.end(), format) != 0)) {
        of_file.push_back(format);
      }
    }
    if (!of_file.empty()) {
      candidates = std::move(of_file);
      any = true;
    } else if (!file.from_folder) {
      throw UsageError(fmt::format("{}: the format cannot be told from it: say --format, one of {}",
                                   Escaped(file.path.string()), JoinNames(AnnotationFormats())));
    }
  }
  if (candidates.size() != 1) {
    throw UsageError(fmt::format("{}: the format cannot be told from it: say --format, one of {}",
                                 Escaped(files.front().path.string()),
                                 JoinNames(candidates.empty() ? AnnotationFormats() : candidates)));
  }
  return *candidates.front();
}

AnnotationSet ReadAnnotations(const std::string& format, AnnotationRequest request) {
  const AnnotationFormat& chosen =
      format.empty() ? GuessFormat(request.files) : FormatCalled(format);
  DropOthers(chosen, &request.files);
  AnnotationSet set = chosen.read(request);
  set.format = chosen.name;
  return set;
}

int ChosenSplit(const AnnotationRequest& request, const std::vector<int>& splits) {
  const std::set<int> there(splits.begin(), splits.end());
  if (there.count(request.split) != 0) {
    return request.split;
  }
  if (request.split == 0 && there.size() == 1) {
    return *there.begin();
  }
  throw UsageError(fmt::format("the annotation files hold the splits {}: say --split N{}",
                               fmt::join(there, ", "),
                               request.split == 0 ? "" : ", which is none of them now"));
}

}  // namespace reel3d
