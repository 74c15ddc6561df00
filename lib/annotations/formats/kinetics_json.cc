// Kinetics as json: an object whose keys are YouTube ids, one clip an id. `annotations` is an
// object, and absent for test videos.
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/json_records.h"

namespace reel3d::annotation_formats::kinetics_json {
namespace {

bool Recognises(const AnnotationFile& file) {
  const std::string head = file.Head();
  const auto holds = [&](const char* text) { return head.find(text) != std::string::npos; };
  return head.substr(0, 1) == "{" && holds("\"subset\"") && holds("\"url\"") &&
         !holds("\"database\"");
}

void AddRecord(JsonRecord* record, const std::string& source, AnnotationBuilder* builder) {
  const AnnotationJson& clip = record->value;
  const std::string where = source + ": '" + record->key + "'";
  AnnotationBuilder::Row row;
  row.source = record->key;
  row.subset = RequireSubset(clip.at("subset").get_ref<const std::string&>(), where);
  const auto annotations = clip.find("annotations");
  if (annotations != clip.end() && !annotations->empty()) {
    if (const auto label = annotations->find("label"); label != annotations->end()) {
      row.labels = {label->get_ref<const std::string&>()};
    }
    row.begin_s = annotations->at("segment").at(0).get<double>();
    row.end_s = annotations->at("segment").at(1).get<double>();
  }
  builder->Add(record->number, row);
}

AnnotationSet Read(const AnnotationRequest& request) {
  AnnotationBuilder builder(FileNaming::kClip, SameVideo::kOnce);
  for (const AnnotationFile& file : request.files) {
    const std::string source = file.path.string();
    builder.BeginFile(file);
    ForEachJsonRecord(file.Read(), source, 1,
                      [&](JsonRecord& record) { AddRecord(&record, source, &builder); });
  }
  return builder.Take();
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "kinetics-json", "Kinetics of any size: json files with one clip for each YouTube id",
    Recognises, Read};

}  // namespace reel3d::annotation_formats::kinetics_json
