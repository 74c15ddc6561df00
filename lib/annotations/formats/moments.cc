// Moments in Time: moments_categories.txt, and lists without header whose rows are
// <class>/<file>.mp4,<class>,<agreed>,<disagreed>. testingSet.csv has file names alone.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/delimited_text.h"
#include "lib/annotations/numbered_classes.h"
#include "lib/data/names.h"

namespace reel3d::annotation_formats::moments {
namespace {

bool IsClassList(const AnnotationFile& file) {
  return file.lower_name() == "moments_categories.txt";
}

bool Recognises(const AnnotationFile& file) {
  if (IsClassList(file) || file.lower_name() == "testingset.csv") {
    return true;
  }
  const std::string head = file.Head();
  const std::string line = head.substr(0, head.find_first_of("\r\n"));
  const size_t comma = line.find(',');
  const size_t slash = line.substr(0, comma).rfind('/');
  return comma != std::string::npos && slash != std::string::npos &&
         std::count(line.begin(), line.end(), ',') == 3;
}

void ReadList(const AnnotationFile& file, AnnotationBuilder* builder) {
  const std::string text = file.Read();
  DelimitedText csv(text, file.path.string(), {',', false, true, true});
  const Subset subset = file.SubsetOfAll();
  builder->BeginFile(file);
  while (csv.NextRow()) {
    const std::vector<std::string_view>& fields = csv.fields();
    AnnotationBuilder::Row row;
    row.source = fields[0];
    row.subset = subset;
    if (fields.size() > 1) {
      const std::string_view folder = fields[0].substr(0, fields[0].rfind('/'));
      if (folder != fields[1]) {
        csv.Fail(fmt::format("the video lies in the folder '{}', but its class is '{}'",
                             Escaped(folder), Escaped(fields[1])));
      }
      row.labels = {fields[1]};
    }
    builder->Add(csv.line(), row);
  }
}

AnnotationSet Read(const AnnotationRequest& request) {
  AnnotationBuilder builder(FileNaming::kPath, SameVideo::kOnce);
  for (const AnnotationFile& file : request.files) {
    if (IsClassList(file)) {
      builder.SetOfficialClasses(ReadNameThenNumber(file), file.name());
    }
  }
  for (const AnnotationFile& file : request.files) {
    if (!IsClassList(file)) {
      ReadList(file, &builder);
    }
  }
  return builder.Take();
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "moments", "Moments in Time: moments_categories.txt, trainingSet.csv and the like", Recognises,
    Read};

}  // namespace reel3d::annotation_formats::moments
