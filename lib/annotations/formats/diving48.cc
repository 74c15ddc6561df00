// Diving48 v2: lists of objects with `vid_name` and `label`, a number; Diving48_vocab.json holds
// the four words of each class. Networks are compared on the test videos, which have labels: these
// become the subset `validation`.
// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/json_records.h"
#include "lib/annotations/numbered_classes.h"

namespace reel3d::annotation_formats::diving48 {
namespace {

bool IsClassList(const AnnotationFile& file) {
  return file.lower_name().find("vocab.json") != std::string::npos;
}

bool Recognises(const AnnotationFile& file) {
  return IsClassList(file) || file.Head().find("\"vid_name\"") != std::string::npos;
}

// Returns class names such as "Back_15som_05Twis_FREE".
std::vector<std::string> ReadClassList(const AnnotationFile& file) {
  std::vector<std::string> names;
  ForEachJsonRecord(file.Read(), file.path.string(), 1, [&](JsonRecord& record) {
    std::string name;
    for (const AnnotationJson& word : record.value) {
      name += (name.empty() ? "" : "_") + word.get<std::string>();
    }
    names.push_back(name);
  });
  return names;
}

void ReadList(const AnnotationFile& file, NumberedClasses* classes, AnnotationBuilder* builder) {
  const std::string source = file.path.string();
  const Subset subset =
      file.SubsetOfAll() == Subset::kTraining ? Subset::kTraining : Subset::kValidation;
  builder->BeginFile(file);
  ForEachJsonRecord(file.Read(), source, 1, [&](JsonRecord& record) {
    AnnotationBuilder::Row row;
    row.source = record.value.at("vid_name").get_ref<const std::string&>();
    row.labels = {classes->Name(record.value.at("label").get<int64_t>(), source)};
    row.subset = subset;
    builder->Add(record.number, row);
  });
}

AnnotationSet Read(const AnnotationRequest& request) {
  return ReadNumberedLists(request, {IsClassList, ReadClassList, ReadList},
                           AnnotationBuilder(FileNaming::kVideo, SameVideo::kOnce));
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "diving48", "Diving48 v2: Diving48_V2_train.json and the like, and Diving48_vocab.json",
    Recognises, Read};

}  // namespace reel3d::annotation_formats::diving48
