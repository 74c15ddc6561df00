// Score files and feature files have this part in common: both hold rows of numbers, which belong
// to videos of known classes.
//
//   /            attrs: format, version=2, crc32 u32 (of the file), and what each format adds
//   /videos/id fixed string [V]      /videos/label i32 [V] (-1 unknown)
//   /videos/crc32 u32 [V]            (row_checksums.h)
//   /classes/name fixed string [C]
//
// Files of version 1 have no checksums and are read without them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/eval/row_checksums.h"
#include "lib/hdf5/hdf5_reader.h"
#include "lib/hdf5/hdf5_writer.h"

namespace reel3d {

struct RowFileFormat {
  const char* name;    // the attribute "format"
  const char* kind;    // "a score file"
  const char* rows;    // "scores"
  const char* remedy;  // what to do about a damaged file
};

// Writes the attributes format and version.
void WriteRowFileFormat(const RowFileFormat& format, Hdf5Writer* writer);
// Writes the groups /videos and /classes.
void WriteVideosAndClasses(const std::vector<ScoredVideo>& videos,
                           const std::vector<std::string>& classes, const RowChecksums& checksums,
                           Hdf5Writer* writer);

// Returns what `read_complete` reads from the file. Its input errors end with `format.remedy`.
template <class Read>
auto ReadRowFile(const std::filesystem::path& file, const RowFileFormat& format,
                 const Read& read_complete) {
  RequireFile(file, format.kind);
  try {
    return read_complete(Hdf5Reader(file));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    throw InputError(std::string(error.what()) + "; " + format.remedy);
  }
}

// All of the following throw an input error about the file, with its fault.

// Returns the version.
int64_t ReadRowFileVersion(const Hdf5Reader& reader, const RowFileFormat& format);
// Read names, which tables use: no name may be empty or occur twice. A label must be -1 or the
// index of a class.
std::vector<std::string> ReadClassNames(const Hdf5Reader& reader);
std::vector<ScoredVideo> ReadScoredVideos(const Hdf5Reader& reader, size_t num_classes);
// Compares the checksums that the file states with those `found` in its rows. Version 1 has none
// and passes. `header` holds the texts that RowChecksums::OfFile() covers besides `classes`.
void RequireRowChecksums(const Hdf5Reader& reader, const RowFileFormat& format, int64_t version,
                         const RowChecksums& found, const std::vector<ScoredVideo>& videos,
                         const std::vector<std::string>& header,
                         const std::vector<std::string>& classes);

}  // namespace reel3d
