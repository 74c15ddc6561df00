// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/semicolon_lists.h"

#include <regex>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/delimited_text.h"

namespace reel3d {
namespace {

bool IsClassList(const AnnotationFile& file) {
  return file.lower_name().find("labels") != std::string::npos;
}

void ReadList(const AnnotationFile& file, AnnotationBuilder* builder) {
  const std::string text = file.Read();
  DelimitedText lines(text, file.path.string(), {';', false, false, true});
  const Subset subset = file.SubsetOfAll();
  builder->BeginFile(file);
  while (lines.NextRow()) {
    if (lines.fields().size() > 2) {
      lines.Fail("has more than an id and a label");
    }
    AnnotationBuilder::Row row;
    row.source = lines.fields()[0];
    row.subset = subset;
    if (lines.fields().size() == 2) {
      row.labels = {lines.fields()[1]};
    }
    builder->Add(lines.line(), row);
  }
}

}  // namespace

bool IsSemicolonList(const AnnotationFile& file, const std::string& prefix) {
  const std::string name = file.lower_name();
  const auto begins = [&](const std::string& text) {
    return name.compare(0, text.size(), text) == 0;
  };
  if (begins(prefix)) {
    return true;
  }
  static const std::regex row(R"(\d+;.+)");
  return !begins("jester") && !begins("something") && std::regex_match(file.FirstLine(), row);
}

AnnotationSet ReadSemicolonLists(const AnnotationRequest& request) {
  AnnotationBuilder builder(FileNaming::kVideo, SameVideo::kOnce);
  for (const AnnotationFile& file : request.files) {
    if (IsClassList(file)) {
      builder.SetOfficialClasses(ReadNameLines(file.Read(), file.path.string()), file.name());
    }
  }
  for (const AnnotationFile& file : request.files) {
    if (!IsClassList(file)) {
      ReadList(file, &builder);
    }
  }
  return builder.Take();
}

}  // namespace reel3d
