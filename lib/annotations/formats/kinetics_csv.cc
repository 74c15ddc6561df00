// Kinetics-400, 600, 700 and 700-2020 as csv. Columns are found by their names: lists of test
// videos may lack `label`, and only lists of Kinetics-400 have `is_cc`.
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/delimited_text.h"
#include "lib/annotations/label_forms.h"

namespace reel3d::annotation_formats::kinetics_csv {
namespace {

bool Recognises(const AnnotationFile& file) {
  const std::string head = file.Head();
  const std::string header = InSmallLetters(head.substr(0, head.find('\n')));
  return header.find("youtube_id") != std::string::npos &&
         header.find("time_start") != std::string::npos;
}

void ReadOne(const AnnotationFile& file, AnnotationBuilder* builder) {
  const std::string text = file.Read();
  DelimitedText csv(text, file.path.string(), {});
  const size_t id = csv.RequireColumn({"youtube_id"});
  const size_t begin = csv.RequireColumn({"time_start"});
  const size_t end = csv.RequireColumn({"time_end"});
  const std::optional<size_t> label = csv.Column({"label"});
  const std::optional<size_t> split = csv.Column({"split", "subset"});
  builder->BeginFile(file);
  while (csv.NextRow()) {
    AnnotationBuilder::Row row;
    row.source = csv.fields()[id];
    if (!csv.Field(label).empty()) {
      row.labels = {csv.Field(label)};
    }
    row.subset = csv.Field(split).empty() ? file.SubsetOfAll()
                                          : RequireSubset(csv.Field(split), csv.where());
    row.begin_s = csv.Real(csv.fields()[begin], "time_start", 0, 1e7);
    row.end_s = csv.Real(csv.fields()[end], "time_end", 0, 1e7);
    builder->Add(csv.line(), row);
  }
}

AnnotationSet Read(const AnnotationRequest& request) {
  AnnotationBuilder builder(FileNaming::kClip, SameVideo::kOnce);
  for (const AnnotationFile& file : request.files) {
    ReadOne(file, &builder);
  }
  return builder.Take();
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "kinetics-csv", "Kinetics-400, 600, 700 or 700-2020: csv files with youtube_id and time_start",
    Recognises, Read};

}  // namespace reel3d::annotation_formats::kinetics_csv
