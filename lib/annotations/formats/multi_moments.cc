// Multi-Moments in Time: rows <file>.mp4,<number>,<number>... without header, and
// mmit_categories.txt or multi_moments_categories.txt, which lists the numbered classes.
// SPDX-License-Identifier: Apache-2.0
#include <regex>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/delimited_text.h"
#include "lib/annotations/numbered_classes.h"

namespace reel3d::annotation_formats::multi_moments {
namespace {

bool IsClassList(const AnnotationFile& file) {
  const std::string name = file.lower_name();
  return name == "mmit_categories.txt" || name == "multi_moments_categories.txt";
}

bool Recognises(const AnnotationFile& file) {
  static const std::regex row(R"([^,;]+\.\w+(,\d+)+)");
  return IsClassList(file) || std::regex_match(file.FirstLine(), row);
}

void ReadList(const AnnotationFile& file, NumberedClasses* classes, AnnotationBuilder* builder) {
  const std::string text = file.Read();
  DelimitedText csv(text, file.path.string(), {',', false, true, true});
  const Subset subset = file.SubsetOfAll();
  builder->BeginFile(file);
  while (csv.NextRow()) {
    AnnotationBuilder::Row row;
    row.source = csv.fields()[0];
    row.subset = subset;
    for (size_t i = 1; i < csv.fields().size(); ++i) {
      row.labels.push_back(classes->Name(
          csv.Integer(csv.fields()[i], "class number", 0, kMostClasses), csv.where()));
    }
    builder->Add(csv.line(), row);
  }
}

AnnotationSet Read(const AnnotationRequest& request) {
  return ReadNumberedLists(request, {IsClassList, ReadNameThenNumber, ReadList},
                           AnnotationBuilder(FileNaming::kPath, SameVideo::kOnce));
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "multi-moments", "Multi-Moments in Time: mmit_categories.txt and lists of numbers", Recognises,
    Read};

}  // namespace reel3d::annotation_formats::multi_moments
