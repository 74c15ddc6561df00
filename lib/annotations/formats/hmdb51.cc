// HMDB-51: 153 files <class>_test_split<N>.txt with lines "<name>.avi <0|1|2>": 1 is training, 2
// test, 0 neither. Networks are compared on the test videos, which have labels: these become the
// subset `validation`.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <regex>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/delimited_text.h"
#include "lib/base/error.h"

namespace reel3d::annotation_formats::hmdb51 {
namespace {

// Matches "brush_hair_test_split1.txt"; the groups are the class and the split.
bool IsList(const std::string& name, std::smatch* match) {
  static const std::regex form(R"((.+)_test_split(\d)\.txt)");
  return std::regex_match(name, *match, form);
}

bool Recognises(const AnnotationFile& file) {
  std::smatch match;
  const std::string name = file.name();
  return IsList(name, &match);
}

void ReadList(const AnnotationFile& file, const std::string& label, int split,
              AnnotationBuilder* builder) {
  const std::string text = file.Read();
  DelimitedText lines(text, file.path.string(), {'\n', false, false, true});
  builder->BeginFile(file);
  while (lines.NextRow()) {
    const std::string_view line = lines.fields().front();
    const size_t blank = std::min(line.rfind(' '), line.size());
    const int64_t part = lines.Integer(line.substr(blank), "part", 0, 2);
    if (part == 0) {
      builder->LeaveOut(fmt::format("in neither part of split {}", split));
      continue;
    }
    const std::string path =
        fmt::format("{}/{}", label, line.substr(0, line.find_last_not_of(' ', blank) + 1));
    AnnotationBuilder::Row row;
    row.source = path;
    row.labels = {label};
    row.subset = part == 1 ? Subset::kTraining : Subset::kValidation;
    builder->Add(lines.line(), row);
  }
}

AnnotationSet Read(const AnnotationRequest& request) {
  std::vector<int> splits;
  std::smatch match;
  for (const AnnotationFile& file : request.files) {
    const std::string name = file.name();
    if (!IsList(name, &match)) {
      throw InputError(file.path.string() + ": is not named <class>_test_split<N>.txt");
    }
    splits.push_back(std::stoi(match[2]));
  }
  const int split = ChosenSplit(request, splits);
  AnnotationBuilder builder(FileNaming::kPath, SameVideo::kOnce);
  for (size_t i = 0; i < splits.size(); ++i) {
    const std::string name = request.files[i].name();
    if (IsList(name, &match) && splits[i] == split) {
      ReadList(request.files[i], match[1], split, &builder);
    }
  }
  return builder.Take();
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "hmdb51", "HMDB-51: the folder testTrainMulti_7030_splits, with --split 1, 2 or 3", Recognises,
    Read};

}  // namespace reel3d::annotation_formats::hmdb51
