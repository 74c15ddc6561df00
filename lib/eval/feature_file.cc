// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/feature_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <fstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/tsv_writer.h"
#include "lib/eval/row_file.h"

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

constexpr RowFileFormat kFeatureFileFormat = {
    kFeatureFormat, "a feature file", "features",
    "if extract-features wrote it, it is damaged: extract them again"};

// Returns the texts of the header that the checksum of the file covers.
std::vector<std::string> HeaderTexts(const FeatureTable& table) {
  return {table.checkpoint, table.data, table.layer,
          fmt::format("{}", fmt::join(table.shape, " x "))};
}

RowChecksums ChecksumsOf(const FeatureTable& table) {
  RowChecksums checksums(table.videos);
  const size_t row_size = RowSize(table);
  for (size_t row = 0; row < table.video.size(); ++row) {
    checksums.AddRow(table.video[row], table.first_frame[row], table.num_clips[row],
                     table.values.data() + row * row_size, row_size);
  }
  return checksums;
}

void WriteHdf5(const fs::path& file, const fs::path& called, const FeatureTable& table) {
  Hdf5Writer writer(file, called.string());
  WriteRowFileFormat(kFeatureFileFormat, &writer);
  writer.Attribute("checkpoint", table.checkpoint);
  writer.Attribute("data", table.data);
  writer.Attribute("layer", table.layer);
  const RowChecksums checksums = ChecksumsOf(table);
  writer.Attribute("crc32", checksums.OfFile(HeaderTexts(table), table.classes));
  writer.Group("/rows");
  writer.Rows("/rows/features", table.values, RowSize(table));
  writer.Values("/rows/shape", std::vector<uint32_t>(table.shape.begin(), table.shape.end()));
  writer.Values("/rows/video", table.video);
  writer.Values("/rows/first_frame", table.first_frame);
  writer.Values("/rows/num_clips", table.num_clips);
  WriteVideosAndClasses(table.videos, table.classes, checksums, &writer);
  writer.Close();
}

void ReadRows(const Hdf5Reader& reader, FeatureTable* table) {
  const auto shape = reader.Values<uint32_t>("/rows/shape");
  table->video = reader.Values<uint32_t>("/rows/video");
  const size_t num_rows = table->video.size();
  table->first_frame = reader.Values<uint32_t>("/rows/first_frame", {num_rows});
  table->num_clips = reader.Values<uint32_t>("/rows/num_clips", {num_rows});
  uint64_t row_size = 1;
  for (const uint32_t extent : shape) {
    if (__builtin_mul_overflow(row_size, uint64_t{extent}, &row_size)) {
      reader.Fail(fmt::format("/rows/shape is {}", fmt::join(shape, " x ")));
    }
    table->shape.push_back(extent);
  }
  for (size_t row = 0; row < num_rows; ++row) {
    if (table->video[row] >= table->videos.size()) {
      reader.Fail(
          fmt::format("row {} is of video {} of {}", row, table->video[row], table->videos.size()));
    }
  }
  table->values = reader.Values<float>("/rows/features", {num_rows, row_size});
}

FeatureTable ReadCompleteFeatures(const Hdf5Reader& reader) {
  const int64_t version = ReadRowFileVersion(reader, kFeatureFileFormat);
  FeatureTable table;
  table.checkpoint = reader.Text("checkpoint");
  table.data = reader.Text("data");
  table.layer = reader.Text("layer");
  table.classes = ReadClassNames(reader);
  table.videos = ReadScoredVideos(reader, table.classes.size());
  ReadRows(reader, &table);
  RequireRowChecksums(reader, kFeatureFileFormat, version, ChecksumsOf(table), table.videos,
                      HeaderTexts(table), table.classes);
  return table;
}

// Returns the header of numpy.lib.format, version 1.0. It is padded so that the array begins at a
// multiple of 64 bytes.
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
  TsvWriter rows({"id", "label", "first_frame", "num_clips"});
  for (size_t row = 0; row < table.video.size(); ++row) {
    const ScoredVideo& video = table.videos[table.video[row]];
    rows.Row(video.id, video.label < 0 ? "" : table.classes[static_cast<size_t>(video.label)],
             table.first_frame[row], table.num_clips[row]);
  }
  return rows.text();
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

FeatureTable ReadFeatures(const fs::path& file) {
  return ReadRowFile(file, kFeatureFileFormat, ReadCompleteFeatures);
}

}  // namespace reel3d
