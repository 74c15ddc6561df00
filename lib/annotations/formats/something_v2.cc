// Reads Something-Something v2. labels.json numbers the templates. The other files are lists of
// objects with `id` and `template`. Placeholders of a template stand in brackets; the class names
// in labels.json have no brackets.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/json_records.h"
#include "lib/annotations/numbered_classes.h"
#include "lib/base/error.h"
#include "lib/data/names.h"

namespace reel3d::annotation_formats::something_v2 {
namespace {

bool IsClassList(const AnnotationFile& file) {
  return file.lower_name().find("labels.json") != std::string::npos;
}

bool Recognises(const AnnotationFile& file) {
  const std::string name = file.lower_name();
  return IsClassList(file) || name.find("something-something-v2") != std::string::npos ||
         file.Head().find("\"template\"") != std::string::npos;
}

std::vector<std::string> ReadClassList(const AnnotationFile& file) {
  const std::string source = file.path.string();
  std::map<int64_t, std::string> names;
  ForEachJsonRecord(file.Read(), source, 1, [&](JsonRecord& record) {
    const auto& text = record.value.get_ref<const std::string&>();
    const bool is_number = !text.empty() && text.size() < 7 &&
                           text.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || !names.emplace(std::stoll(text), record.key).second) {
      throw InputError(fmt::format("{}: '{}' has the number '{}', which is none or not its own",
                                   source, Escaped(record.key), Escaped(text.substr(0, 100))));
    }
  });
  return InOrderOfNumbers(names, 0, source);
}

void ReadList(const AnnotationFile& file, AnnotationBuilder* builder) {
  const Subset subset = file.SubsetOfAll();
  builder->BeginFile(file);
  ForEachJsonRecord(file.Read(), file.path.string(), 1, [&](JsonRecord& record) {
    AnnotationBuilder::Row row;
    row.source = record.value.at("id").get_ref<const std::string&>();
    row.subset = subset;
    std::string name;
    if (const auto found = record.value.find("template"); found != record.value.end()) {
      name = found->get<std::string>();
      name.erase(
          std::remove_if(name.begin(), name.end(), [](char c) { return c == '[' || c == ']'; }),
          name.end());
      row.labels = {name};
    }
    builder->Add(record.number, row);
  });
}

AnnotationSet Read(const AnnotationRequest& request) {
  AnnotationBuilder builder(FileNaming::kVideo, SameVideo::kOnce);
  for (const AnnotationFile& file : request.files) {
    if (IsClassList(file)) {
      builder.SetOfficialClasses(ReadClassList(file), file.name());
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
    "something-v2", "Something-Something v2: json lists of templates, and labels.json", Recognises,
    Read};

}  // namespace reel3d::annotation_formats::something_v2
