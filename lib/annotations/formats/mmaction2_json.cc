// mmaction2's lists as json: objects with `filename` or `frame_dir`, and `label`, one number or
// several.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/json_records.h"
#include "lib/annotations/numbered_classes.h"

namespace reel3d::annotation_formats::mmaction2_json {
namespace {

bool Recognises(const AnnotationFile& file) {
  const std::string head = file.Head();
  return head.substr(0, 1) == "[" && (head.find("\"filename\"") != std::string::npos ||
                                      head.find("\"frame_dir\"") != std::string::npos);
}

AnnotationSet Read(const AnnotationRequest& request) {
  AnnotationBuilder builder(FileNaming::kPath, SameVideo::kParts);
  NumberedClasses classes(request);
  for (const AnnotationFile& file : request.files) {
    const Subset subset = file.SubsetOfAll();
    const std::string source = file.path.string();
    builder.BeginFile(file);
    ForEachJsonRecord(file.Read(), source, 1, [&](JsonRecord& record) {
      const char* key = record.value.contains("filename") ? "filename" : "frame_dir";
      AnnotationBuilder::Row row;
      row.source = record.value.at(key).get_ref<const std::string&>();
      row.subset = subset;
      const AnnotationJson label = record.value.value("label", AnnotationJson(-1));
      const auto take = [&](int64_t number) {
        if (number != -1) {
          row.labels.push_back(
              classes.Name(number, fmt::format("{}: record {}", source, record.number)));
        }
      };
      if (label.is_array()) {
        for (const AnnotationJson& number : label) {
          take(number.get<int64_t>());
        }
      } else {
        take(label.get<int64_t>());
      }
      builder.Add(record.number, row);
    });
  }
  classes.Finish(&builder);
  return builder.Take();
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "mmaction2-json", "mmaction2's lists as json: filename or frame_dir, and label", Recognises,
    Read};

}  // namespace reel3d::annotation_formats::mmaction2_json
