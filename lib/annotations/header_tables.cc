// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/header_tables.h"

#include <algorithm>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/delimited_text.h"
#include "lib/annotations/label_forms.h"
#include "lib/base/error.h"

namespace reel3d {
namespace {

const std::vector<std::string>& PathNames() {
  static const std::vector<std::string> names = {"path", "file", "filename", "video_path", "video"};
  return names;
}

const std::vector<std::string>& IdNames() {
  static const std::vector<std::string> names = {"id", "video_id"};
  return names;
}

// The columns of one table.
struct Columns {
  explicit Columns(const DelimitedText& table)
      : path(table.Column(PathNames())),
        id(table.Column(IdNames())),
        label(table.Column({"label", "class", "action"})),
        subset(table.Column({"subset", "split"})),
        begin(table.Column({"begin_s", "begin", "start", "time_start"})),
        end(table.Column({"end_s", "end", "time_end"})) {
    if (!path && !id) {
      static_cast<void>(table.RequireColumn({"path", "id"}));
    }
  }

  std::optional<size_t> path, id, label, subset, begin, end;
};

void ReadTable(const AnnotationFile& file, DelimitedText* table, const Columns& columns,
               bool by_path, AnnotationBuilder* builder) {
  const auto seconds = [&](const std::optional<size_t>& column, const char* what) {
    const std::string_view text = table->Field(column);
    return text.empty() ? std::nullopt : std::optional<double>(table->Real(text, what, 0, 1e9));
  };
  builder->BeginFile(file);
  while (table->NextRow()) {
    AnnotationBuilder::Row row;
    row.source = table->Field(by_path ? columns.path : columns.id);
    if (const std::string_view label = table->Field(columns.label); !label.empty()) {
      row.labels = {label};
    }
    const std::string_view subset = table->Field(columns.subset);
    row.subset = subset.empty() ? file.SubsetOfAll() : RequireSubset(subset, table->where());
    row.begin_s = seconds(columns.begin, "begin");
    row.end_s = seconds(columns.end, "end");
    builder->Add(table->line(), row);
  }
}

}  // namespace

AnnotationSet ReadHeaderTables(const AnnotationRequest& request, char delimiter) {
  std::optional<bool> by_path;
  std::optional<AnnotationBuilder> builder;
  for (const AnnotationFile& file : request.files) {
    const std::string text = file.Read();
    DelimitedText table(text, file.path.string(), {delimiter, true, delimiter == ',', true});
    const Columns columns(table);
    if (!by_path) {
      by_path = columns.path.has_value();
      builder.emplace(*by_path ? FileNaming::kPath : FileNaming::kVideo, SameVideo::kParts);
    }
    if (!(*by_path ? columns.path : columns.id)) {
      throw InputError(file.path.string() + ": has no column " + (*by_path ? "path" : "id") +
                       ", which the file before it has");
    }
    ReadTable(file, &table, columns, *by_path, &*builder);
  }
  return builder->Take();
}

bool HasPlainHeader(const AnnotationFile& file, char delimiter) {
  const std::string head = file.Head();
  const std::string header = InSmallLetters(head.substr(0, head.find_first_of("\r\n")));
  if (header.find("youtube_id") != std::string::npos || header.find("x1") != std::string::npos) {
    return false;
  }
  for (size_t begin = 0; begin <= header.size();) {
    const size_t end = std::min(header.find(delimiter, begin), header.size());
    const std::string name = header.substr(begin, end - begin);
    if (end != header.size() || begin != 0) {
      for (const std::vector<std::string>& names : {PathNames(), IdNames()}) {
        if (std::find(names.begin(), names.end(), name) != names.end()) {
          return true;
        }
      }
    }
    begin = end + 1;
  }
  return false;
}

}  // namespace reel3d
