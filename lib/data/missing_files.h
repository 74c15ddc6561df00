// videos.missing.tsv beside videos.tsv: the rows of published annotations whose video files are not
// on disk. They are not in the manifest, so no stage tries to decode them. pack-shards counts them
// as missing, so that a test video without a file counts as wrong.
//
//   id  label  subset  reason
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/data/manifest.h"

namespace reel3d {

struct MissingFile {
  std::string id;  // the id that the row would have in the manifest
  std::string label;
  Subset subset = Subset::kTraining;
  std::string reason;
};

// Returns the path of the table that belongs to a manifest, whether or not it is there.
std::filesystem::path MissingFilesPath(const std::filesystem::path& manifest);

std::string FormatMissingFiles(const std::vector<MissingFile>& missing);

// Reads the table of a manifest; returns nothing if there is no table. Throws an input error with
// file and line on a bad row.
std::vector<MissingFile> ReadMissingFiles(const std::filesystem::path& manifest);

}  // namespace reel3d
