// SPDX-License-Identifier: Apache-2.0
#include "lib/data/manifest.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/tsv_writer.h"
#include "lib/data/names.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

enum Column { kId, kPath, kLabel, kSubset, kBegin, kEnd, kNumFrames, kFps, kWidth, kHeight };

const std::vector<std::string>& ManifestColumns() {
  static const std::vector<std::string> columns = {
      "id", "path", "label", "subset", "begin_s", "end_s", "num_frames", "fps", "width", "height"};
  return columns;
}

constexpr double kMaxSeconds = 1e9;
constexpr double kMaxFps = 1e6;
constexpr int kMaxSide = 65535;
constexpr int64_t kMaxFrames = int64_t{1} << 31;
constexpr uint64_t kMostBytes = uint64_t{64} << 30;  // about 700 million rows

template <class Value, class Read>
std::optional<Value> Optional(const TsvReader& reader, size_t column, Read read) {
  if (reader.IsEmpty(column)) {
    return std::nullopt;
  }
  return static_cast<Value>(read());
}

VideoRow ParseRow(const TsvReader& reader) {
  const auto seconds = [&](Column column) {
    return Optional<double>(reader, column, [&] { return reader.Real(column, 0, kMaxSeconds); });
  };
  const auto side = [&](Column column) {
    return Optional<int>(reader, column, [&] { return reader.Integer(column, 1, kMaxSide); });
  };
  VideoRow row;
  row.id = reader.Text(kId);
  row.path = reader.Text(kPath);
  row.label = reader.Text(kLabel);
  row.begin_s = seconds(kBegin);
  row.end_s = seconds(kEnd);
  row.num_frames = Optional<int64_t>(reader, kNumFrames,
                                     [&] { return reader.Integer(kNumFrames, 1, kMaxFrames); });
  row.fps = Optional<double>(reader, kFps, [&] { return reader.Real(kFps, 1e-6, kMaxFps); });
  row.width = side(kWidth);
  row.height = side(kHeight);
  try {
    row.subset = ParseSubset(std::string(reader.Text(kSubset)));
  } catch (const Error& error) {
    reader.Fail(kSubset, error.what());
  }
  return row;
}

// Finds rows with the same id. It holds no ids, because there may be a hundred million.
class IdsSeen {
 public:
  explicit IdsSeen(const std::vector<VideoRow>& rows) : places_(0, Hash{&rows}, Equal{&rows}) {}

  // Returns the line of the earlier row that has the id of this row; 0 if there is none.
  int Add(size_t row, int line) {
    const auto [first, is_new] = places_.insert({row, line});
    return is_new ? 0 : first->line;
  }

 private:
  struct Place {
    size_t row = 0;
    int line = 0;
  };
  struct Hash {
    const std::vector<VideoRow>* rows;
    size_t operator()(const Place& place) const {
      return std::hash<std::string>()((*rows)[place.row].id);
    }
  };
  struct Equal {
    const std::vector<VideoRow>* rows;
    bool operator()(const Place& a, const Place& b) const {
      return (*rows)[a.row].id == (*rows)[b.row].id;
    }
  };

  std::unordered_set<Place, Hash, Equal> places_;
};

// Returns what is wrong with a row whose fields have the right types; "" if nothing is wrong.
std::string RowFault(const VideoRow& row) {
  if (const std::string fault = IdFault(row.id); !fault.empty()) {
    return fmt::format("id '{}' {}", Escaped(row.id), fault);
  }
  for (const std::string_view text : {std::string_view(row.path), std::string_view(row.label)}) {
    if (const std::string fault = FieldFault(text); !fault.empty()) {
      return fmt::format("'{}' {}", Escaped(text), fault);
    }
  }
  if (row.path.empty()) {
    return "has no path";
  }
  if (row.end_s && *row.end_s <= row.begin_s.value_or(0)) {
    return fmt::format("end_s {} is not after begin_s {}", *row.end_s, row.begin_s.value_or(0));
  }
  return "";
}

}  // namespace

const char* SubsetName(Subset subset) { return NameOf(subset); }

Subset ParseSubset(const std::string& name) {
  if (const std::optional<Subset> subset = FindChoice<Subset>(name)) {
    return *subset;
  }
  throw InputError(fmt::format("'{}' is not a subset: training, validation or testing", name));
}

std::string IdFault(const std::string& id) {
  if (id.empty()) {
    return "is empty";
  }
  if (id.size() > kMaxIdBytes) {
    return fmt::format("is longer than {} bytes", kMaxIdBytes);
  }
  if (id.front() == '.') {
    return "begins with a dot";
  }
  if (id.find('/') != std::string::npos) {
    return "holds a slash";
  }
  return FieldFault(id);
}

Manifest ReadManifest(const fs::path& file) {
  TsvReader reader(file, ManifestColumns(), kMostBytes);
  Manifest manifest;
  manifest.folder = file.parent_path();
  IdsSeen ids(manifest.videos);
  while (reader.NextRow()) {
    VideoRow row = ParseRow(reader);
    if (const std::string fault = RowFault(row); !fault.empty()) {
      reader.Fail(fault);
    }
    manifest.videos.push_back(std::move(row));
    if (const int first = ids.Add(manifest.videos.size() - 1, reader.line()); first > 0) {
      reader.Fail(
          fmt::format("id '{}' stands in line {} already", manifest.videos.back().id, first));
    }
  }
  return manifest;
}

std::string FormatManifest(const Manifest& manifest) {
  TsvWriter table(ManifestColumns());
  std::unordered_map<std::string_view, size_t> row_of_id;
  row_of_id.reserve(manifest.videos.size());
  for (size_t i = 0; i < manifest.videos.size(); ++i) {
    const VideoRow& row = manifest.videos[i];
    if (const std::string fault = RowFault(row); !fault.empty()) {
      throw InputError(fmt::format("video {} ({}): {}", i, row.path, fault));
    }
    if (!row_of_id.emplace(row.id, i).second) {
      throw InputError(
          fmt::format("videos {} and {} have the same id '{}'", row_of_id[row.id], i, row.id));
    }
    table.Row(row.id, row.path, row.label, SubsetName(row.subset), row.begin_s, row.end_s,
              row.num_frames, row.fps, row.width, row.height);
  }
  return table.text();
}

void WriteManifest(const fs::path& file, const Manifest& manifest) {
  WriteFileAtomically(file, FormatManifest(manifest));
}

}  // namespace reel3d
