// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/row_file.h"

#include <fmt/format.h>

#include <set>

namespace reel3d {
namespace {

constexpr int64_t kVersion = 2;
constexpr int64_t kVersionWithoutChecksums = 1;

void CheckNames(const Hdf5Reader& reader, const char* what, const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (name.empty()) {
      reader.Fail(fmt::format("{} holds an empty text", what));
    }
    if (!seen.insert(name).second) {
      reader.Fail(fmt::format("{} holds '{}' twice", what, name));
    }
  }
}

}  // namespace

void WriteRowFileFormat(const RowFileFormat& format, Hdf5Writer* writer) {
  writer->Attribute("format", std::string(format.name));
  writer->Attribute("version", kVersion);
}

void WriteVideosAndClasses(const std::vector<ScoredVideo>& videos,
                           const std::vector<std::string>& classes, const RowChecksums& checksums,
                           Hdf5Writer* writer) {
  std::vector<std::string> ids;
  std::vector<int32_t> labels;
  for (const ScoredVideo& video : videos) {
    ids.push_back(video.id);
    labels.push_back(video.label);
  }
  writer->Group("/videos");
  writer->Strings("/videos/id", ids);
  writer->Values("/videos/label", labels);
  writer->Values("/videos/crc32", checksums.of_videos());
  writer->Group("/classes");
  writer->Strings("/classes/name", classes);
}

int64_t ReadRowFileVersion(const Hdf5Reader& reader, const RowFileFormat& format) {
  if (reader.Text("format") != format.name) {
    reader.Fail(fmt::format("it is not {}", format.kind));
  }
  const int64_t version = reader.Integer("version");
  if (version < kVersionWithoutChecksums || version > kVersion) {
    reader.Fail(fmt::format("it has format version {}, this program reads {} to {}", version,
                            kVersionWithoutChecksums, kVersion));
  }
  return version;
}

std::vector<std::string> ReadClassNames(const Hdf5Reader& reader) {
  std::vector<std::string> classes = reader.Strings("/classes/name");
  CheckNames(reader, "/classes/name", classes);
  return classes;
}

std::vector<ScoredVideo> ReadScoredVideos(const Hdf5Reader& reader, size_t num_classes) {
  const std::vector<std::string> ids = reader.Strings("/videos/id");
  CheckNames(reader, "/videos/id", ids);
  const auto labels = reader.Values<int32_t>("/videos/label", {ids.size()});
  std::vector<ScoredVideo> videos;
  for (size_t video = 0; video < ids.size(); ++video) {
    if (labels[video] < -1 || labels[video] >= static_cast<int64_t>(num_classes)) {
      reader.Fail(fmt::format("video {} has label {} of {} classes", ids[video], labels[video],
                              num_classes));
    }
    videos.push_back({ids[video], labels[video]});
  }
  return videos;
}

void RequireRowChecksums(const Hdf5Reader& reader, const RowFileFormat& format, int64_t version,
                         const RowChecksums& found, const std::vector<ScoredVideo>& videos,
                         const std::vector<std::string>& header,
                         const std::vector<std::string>& classes) {
  if (version == kVersionWithoutChecksums) {
    return;
  }
  const auto stated = reader.Values<uint32_t>("/videos/crc32", {videos.size()});
  for (size_t video = 0; video < stated.size(); ++video) {
    if (stated[video] != found.of_videos()[video]) {
      reader.Fail(fmt::format("the {} of video {} do not match their checksum", format.rows,
                              videos[video].id));
    }
  }
  if (reader.Integer("crc32") != found.OfFile(header, classes)) {
    reader.Fail("its header and classes do not match their checksum");
  }
}

}  // namespace reel3d
