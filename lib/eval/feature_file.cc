// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/feature_file.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/hdf5/hdf5_writer.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

size_t RowSize(const FeatureTable& table) {
  size_t size = 1;
  for (const int64_t extent : table.shape) {
    size *= static_cast<size_t>(extent);
  }
  return size;
}

void WriteHdf5(const fs::path& file, const fs::path& called, const FeatureTable& table) {
  Hdf5Writer writer(file, called.string());
  writer.Attribute("format", "reel3d-features");
  writer.Attribute("version", int64_t{1});
  writer.Attribute("checkpoint", table.checkpoint);
  writer.Attribute("data", table.data);
  writer.Attribute("layer", table.layer);
  writer.Group("/rows");
  writer.Rows("/rows/features", table.values, RowSize(table));
  writer.Values("/rows/shape", std::vector<uint32_t>(table.shape.begin(), table.shape.end()));
  writer.Values("/rows/video", table.video);
  writer.Values("/rows/first_frame", table.first_frame);
  writer.Values("/rows/num_clips", table.num_clips);
  std::vector<std::string> ids;
  std::vector<int32_t> labels;
  for (const ScoredVideo& video : table.videos) {
    ids.push_back(video.id);
    labels.push_back(video.label);
  }
  writer.Group("/videos");
  writer.Strings("/videos/id", ids);
  writer.Values("/videos/label", labels);
  writer.Group("/classes");
  writer.Strings("/classes/name", table.classes);
  writer.Close();
}

// Returns the header of numpy.lib.format, version 1.0, in which the array begins at a multiple of
// 64.
std::string NpyHeader(const FeatureTable& table) {
  std::string shape = std::to_string(table.video.size());
  for (const int64_t extent : table.shape) {
    shape += fmt::format(", {}", extent);
  }
  std::string text =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", shape);
  constexpr size_t kBefore = 10;
  text.append(63 - (kBefore + text.size()) % 64, ' ');
  text += '\n';
  std::string header = "\x93NUMPY";
  header += {1, 0, static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return header + text;
}

void WriteNpy(const fs::path& file, const fs::path& called, const FeatureTable& table) {
  std::ofstream out(file, std::ios::binary);
  out << NpyHeader(table);
  out.write(reinterpret_cast<const char*>(table.values.data()),
            static_cast<std::streamsize>(table.values.size() * sizeof(float)));
  out.close();
  if (!out) {
    throw EnvironmentError(
        fmt::format("cannot write {}: {}", called.string(), std::strerror(errno)));
  }
}

std::string FormatRows(const FeatureTable& table) {
  std::string text = "id\tlabel\tfirst_frame\tnum_clips\n";
  for (size_t row = 0; row < table.video.size(); ++row) {
    const ScoredVideo& video = table.videos[table.video[row]];
    text += fmt::format("{}\t{}\t{}\t{}\n", video.id,
                        video.label < 0 ? "" : table.classes[static_cast<size_t>(video.label)],
                        table.first_frame[row], table.num_clips[row]);
  }
  return text;
}

}  // namespace

bool IsFeatureFile(const fs::path& file) {
  return file.extension() == ".h5" || file.extension() == ".npy";
}

void WriteFeatures(const fs::path& file, const FeatureTable& table) {
  REEL3D_CHECK(table.values.size() == table.video.size() * RowSize(table));
  PendingFile pending(file);
  if (file.extension() == ".npy") {
    WriteFileAtomically(file.string() + ".tsv", FormatRows(table));
    WriteNpy(pending.temporary_path(), file, table);
  } else {
    WriteHdf5(pending.temporary_path(), file, table);
  }
  pending.Publish();
}

}  // namespace reel3d
