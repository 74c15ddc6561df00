// Reads and writes videos.tsv, which lists the videos, their classes and their subsets.
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

#include "lib/base/choices.h"

namespace reel3d {

enum class Subset { kTraining, kValidation, kTesting };
inline std::vector<NamedChoice<Subset>> ChoicesOf(Subset /*type*/) {
  return {{Subset::kTraining, "training", ""},
          {Subset::kValidation, "validation", ""},
          {Subset::kTesting, "testing", ""}};
}

const char* SubsetName(Subset subset);
// Throws an input error that lists the valid names.
Subset ParseSubset(const std::string& name);

struct VideoRow {
  std::string id;     // unique and a valid file name; no tab, slash, control character, leading dot
  std::string path;   // as written: relative to the manifest, or absolute
  std::string label;  // class name; empty where unknown
  Subset subset = Subset::kTraining;
  std::optional<double> begin_s, end_s;  // part of the file, [begin, end); absent: whole file
  // These are filled if the video was probed.
  std::optional<int64_t> num_frames;
  std::optional<double> fps;
  std::optional<int> width, height;
};

struct Manifest {
  std::filesystem::path folder;  // paths are relative to it
  std::vector<VideoRow> videos;

  std::filesystem::path VideoPath(const VideoRow& video) const { return folder / video.path; }
};

// A file name has at most 255 bytes. Temporary names and extensions need some of them.
constexpr size_t kMaxIdBytes = 180;

// Returns why `id` cannot be a video's id; "" if it can.
std::string IdFault(const std::string& id);

// Reads the file, whose lines end with LF or CRLF. Throws an input error with file, line number and
// cause on the first bad row.
Manifest ReadManifest(const std::filesystem::path& file);
// Returns the bytes of the file. Throws an input error if a row could not be read back.
std::string FormatManifest(const Manifest& manifest);
// Publishes the file atomically.
void WriteManifest(const std::filesystem::path& file, const Manifest& manifest);

// Read and write classes.txt: one class name per line; the line number from 0 is the index.
// Duplicates, empty lines and tabs are input errors. Files from editors of Windows are accepted
// (lib/base/text_lines.h).
std::vector<std::string> ReadClasses(const std::filesystem::path& file);
std::string FormatClasses(const std::vector<std::string>& classes);
void WriteClasses(const std::filesystem::path& file, const std::vector<std::string>& classes);

// A list of classes, and what an error calls it ("the checkpoint").
struct NamedClasses {
  std::string name;
  const std::vector<std::string>& classes;
};

// Returns how two lists of classes differ: the first names that only one of them has, or the first
// name whose place differs; "" if they are the same. All Unicode forms of a name are the same.
std::string ClassDifference(const NamedClasses& one, const NamedClasses& other);

}  // namespace reel3d
