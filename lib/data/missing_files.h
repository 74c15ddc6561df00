// videos.missing.tsv beside videos.tsv: the rows of published annotations whose video files are not
// on disk. They are no rows of the manifest, so nobody tries to decode them; pack-shards counts
// them as missing, so that a test video that nobody has counts as wrong.
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
  std::string id;  // that the row would have in the manifest
  std::string label;
  Subset subset = Subset::kTraining;
  std::string reason;
};

// Returns the path of the table that belongs to a manifest, whether or not it is there.
std::filesystem::path MissingFilesPath(const std::filesystem::path& manifest);

std::string FormatMissingFiles(const std::vector<MissingFile>& missing);

// Reads the table of a manifest; nothing where there is none. Throws an input error with file and
// line on a bad row.
std::vector<MissingFile> ReadMissingFiles(const std::filesystem::path& manifest);

}  // namespace reel3d
