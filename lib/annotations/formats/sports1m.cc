// Sports-1M: lines "<URL> <number>,<number>...", and labels.txt, one class a line from 0. Networks
// are compared on the test videos, which have labels: these become the subset `validation`.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <regex>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/delimited_text.h"
#include "lib/annotations/numbered_classes.h"
#include "lib/data/names.h"

namespace reel3d::annotation_formats::sports1m {
namespace {

bool IsClassList(const AnnotationFile& file) { return file.lower_name() == "labels.txt"; }

std::vector<std::string> ReadClassList(const AnnotationFile& file) {
  return ReadNameLines(file.Read(), file.path.string());
}

bool Recognises(const AnnotationFile& file) {
  static const std::regex row(R"(https?://\S+ +\d+(,\d+)*\s*)");
  return IsClassList(file) || std::regex_match(file.FirstLine(), row);
}

// Returns the id of a YouTube address: the part after "v=", or else after the last "/".
std::string_view IdOf(std::string_view url) {
  const size_t v = url.find("v=");
  const size_t begin = v != std::string_view::npos ? v + 2 : url.rfind('/') + 1;
  return url.substr(begin, url.find_first_of("&?#", begin) - begin);
}

void ReadList(const AnnotationFile& file, NumberedClasses* classes, AnnotationBuilder* builder) {
  const std::string text = file.Read();
  DelimitedText lines(text, file.path.string(), {' ', false, false, true});
  const Subset subset =
      file.SubsetOfAll() == Subset::kTraining ? Subset::kTraining : Subset::kValidation;
  builder->BeginFile(file);
  while (lines.NextRow()) {
    if (lines.fields().size() != 2) {
      lines.Fail("is not <URL> <number>,<number>...");
    }
    AnnotationBuilder::Row row;
    row.source = IdOf(lines.fields()[0]);
    row.subset = subset;
    const std::string_view numbers = lines.fields()[1];
    for (size_t begin = 0; begin <= numbers.size();) {
      const size_t end = std::min(numbers.find(',', begin), numbers.size());
      row.labels.push_back(classes->Name(
          lines.Integer(numbers.substr(begin, end - begin), "class number", 0, kMostClasses),
          lines.where()));
      begin = end + 1;
    }
    builder->Add(lines.line(), row);
  }
}

AnnotationSet Read(const AnnotationRequest& request) {
  return ReadNumberedLists(request, {IsClassList, ReadClassList, ReadList},
                           AnnotationBuilder(FileNaming::kVideo, SameVideo::kOnce));
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "sports1m", "Sports-1M: train_partition.txt, test_partition.txt and labels.txt", Recognises,
    Read};

}  // namespace reel3d::annotation_formats::sports1m
