// videos.tsv: which videos there are, what they show, and which part of the data set they are in.
//
//   id  path  label  subset  begin_s  end_s  num_frames  fps  width  height
//
// UTF-8, tab separated, header row first. Paths are relative to the manifest's folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reel3d {

enum class Subset { kTraining, kValidation, kTesting };

const char* SubsetName(Subset subset);
// Throws an input error that lists the valid names.
Subset ParseSubset(const std::string& name);

struct VideoRow {
  std::string id;     // unique and a valid file name; no tab, slash, control character, leading dot
  std::string path;   // as written: relative to the manifest, or absolute
  std::string label;  // class name; empty where unknown
  Subset subset = Subset::kTraining;
  std::optional<double> begin_s, end_s;  // part of the file, [begin, end); absent: whole file
  // Filled where the video was probed.
  std::optional<int64_t> num_frames;
  std::optional<double> fps;
  std::optional<int> width, height;
};

struct Manifest {
  std::filesystem::path folder;  // that paths are relative to
  std::vector<VideoRow> videos;

  std::filesystem::path VideoPath(const VideoRow& video) const { return folder / video.path; }
};

// A file name holds 255 bytes, and temporaries and endings need some of them.
constexpr size_t kMaxIdBytes = 180;

// Why `id` cannot be a video's id: "" if it can.
std::string IdFault(const std::string& id);

// Throws an input error with file, line number and cause on the first bad row. LF or CRLF.
Manifest ReadManifest(const std::filesystem::path& file);
// The bytes of the file; throws an input error on a row that could not be read back.
std::string FormatManifest(const Manifest& manifest);
// Published atomically.
void WriteManifest(const std::filesystem::path& file, const Manifest& manifest);

// classes.txt: one class name a line; the line number from 0 is the index. Duplicates, empty lines
// and tabs are input errors. Reads what Windows' editors write, too (lib/base/text_lines.h).
std::vector<std::string> ReadClasses(const std::filesystem::path& file);
std::string FormatClasses(const std::vector<std::string>& classes);
void WriteClasses(const std::filesystem::path& file, const std::vector<std::string>& classes);

// A list of classes, and what an error calls it ("the checkpoint").
struct NamedClasses {
  std::string name;
  const std::vector<std::string>& classes;
};

// How two lists of classes differ, with the first names that only one of them has, or the first
// that stands in another place; "" if they are the same. Unicode forms of a name are the same.
std::string ClassDifference(const NamedClasses& one, const NamedClasses& other);

}  // namespace reel3d
