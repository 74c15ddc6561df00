// HACS clips: classname,youtube_id,subset,start,end,label. A label of -1 says that the clip does
// not show the class: such rows are counted and not listed.
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/delimited_text.h"
#include "lib/annotations/label_forms.h"

namespace reel3d::annotation_formats::hacs_clips {
namespace {

bool Recognises(const AnnotationFile& file) {
  const std::string head = file.Head();
  const std::string header = InSmallLetters(head.substr(0, head.find('\n')));
  return header.find("classname") != std::string::npos &&
         header.find("youtube_id") != std::string::npos;
}

void ReadOne(const AnnotationFile& file, AnnotationBuilder* builder) {
  const std::string text = file.Read();
  DelimitedText csv(text, file.path.string(), {});
  const size_t name = csv.RequireColumn({"classname"});
  const size_t id = csv.RequireColumn({"youtube_id"});
  const size_t subset = csv.RequireColumn({"subset"});
  const size_t begin = csv.RequireColumn({"start"});
  const size_t end = csv.RequireColumn({"end"});
  const size_t label = csv.RequireColumn({"label"});
  builder->BeginFile(file);
  while (csv.NextRow()) {
    const std::vector<std::string_view>& fields = csv.fields();
    AnnotationBuilder::Row row;
    row.source = fields[id];
    row.subset = RequireSubset(fields[subset], csv.where());
    if (row.subset == Subset::kTesting && fields[label].empty()) {
      builder->Add(csv.line(), row);
      continue;
    }
    if (csv.Integer(fields[label], "label", -1, 1) != 1) {
      builder->LeaveOut("a negative clip: it does not show its class");
      continue;
    }
    row.labels = {fields[name]};
    row.begin_s = csv.Real(fields[begin], "start", 0, 1e7);
    row.end_s = csv.Real(fields[end], "end", 0, 1e7);
    builder->Add(csv.line(), row);
  }
}

AnnotationSet Read(const AnnotationRequest& request) {
  AnnotationBuilder builder(FileNaming::kVideo, SameVideo::kParts);
  for (const AnnotationFile& file : request.files) {
    ReadOne(file, &builder);
  }
  return builder.Take();
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "hacs-clips", "HACS clips: HACS_clips_v1.1.csv, clips of 2 s of long videos", Recognises, Read};

}  // namespace reel3d::annotation_formats::hacs_clips
