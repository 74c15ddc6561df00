// SPDX-License-Identifier: Apache-2.0
#include "lib/data/missing_files.h"

#include <fmt/format.h>

#include <unordered_set>

#include "lib/base/error.h"
#include "lib/base/tsv_writer.h"
#include "lib/data/names.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

enum MissingColumn { kMissingId, kMissingLabel, kMissingSubset, kMissingReason };

const std::vector<std::string>& MissingColumns() {
  static const std::vector<std::string> columns = {"id", "label", "subset", "reason"};
  return columns;
}

}  // namespace

fs::path MissingFilesPath(const fs::path& manifest) {
  return fs::path(manifest).replace_extension(".missing.tsv");
}

std::string FormatMissingFiles(const std::vector<MissingFile>& missing) {
  TsvWriter table(MissingColumns());
  for (const MissingFile& row : missing) {
    for (const std::string& field : {row.label, row.reason}) {
      if (const std::string fault = FieldFault(field); !fault.empty()) {
        throw InputError(fmt::format("missing video '{}': '{}' {}", row.id, Escaped(field), fault));
      }
    }
    table.Row(row.id, row.label, SubsetName(row.subset), row.reason);
  }
  return table.text();
}

std::vector<MissingFile> ReadMissingFiles(const fs::path& manifest) {
  const fs::path file = MissingFilesPath(manifest);
  if (!fs::exists(file)) {
    return {};
  }
  TsvReader reader(file, MissingColumns());
  std::vector<MissingFile> missing;
  std::unordered_set<std::string> ids;
  while (reader.NextRow()) {
    MissingFile row;
    row.id = reader.Text(kMissingId);
    row.label = reader.Text(kMissingLabel);
    row.reason = reader.Text(kMissingReason);
    if (const std::string fault = IdFault(row.id); !fault.empty()) {
      reader.Fail(kMissingId, fmt::format("'{}' {}", Escaped(row.id), fault));
    }
    if (!ids.insert(row.id).second) {
      reader.Fail(kMissingId,
                  fmt::format("'{}' stands in an earlier line already", Escaped(row.id)));
    }
    try {
      row.subset = ParseSubset(std::string(reader.Text(kMissingSubset)));
    } catch (const Error& error) {
      reader.Fail(kMissingSubset, error.what());
    }
    missing.push_back(std::move(row));
  }
  return missing;
}

}  // namespace reel3d
