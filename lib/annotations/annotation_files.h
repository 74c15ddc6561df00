// The files that --annotations names. A folder stands for the files in it. "validation=FILE" says
// of which subset the rows of a list are that does not say it itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/data/manifest.h"

namespace reel3d {

struct AnnotationFile {
  std::filesystem::path path;
  std::optional<Subset> said_subset;  // by "validation=FILE"
  bool from_folder = false;           // the folder was named, not the file

  std::string name() const { return path.filename().string(); }
  std::string lower_name() const;  // the file name with small letters
  // Reads the whole file. Throws an input error if it is larger than half a GiB.
  std::string Read() const;
  // Returns the first 64 KiB, or less, without a byte order mark.
  std::string Head() const;
  // Returns the subset that was said, or that the file's name tells: "trainlist01.txt",
  // "val.csv". Throws an input error if neither does.
  Subset SubsetOfAll() const;
};

// Throws an input error where one is absent, or a folder is empty. Files of a folder stand in
// bytewise order; hidden ones are passed over.
std::vector<AnnotationFile> FindAnnotationFiles(const std::vector<std::string>& names);

// Returns the subset that people call so, in any case: train, training; val, valid, validate,
// validation; test, testing. "holdout" and all other names: nothing.
std::optional<Subset> SubsetCalled(std::string_view name);

// The same; throws an input error that begins with `where` and lists the names that are known.
Subset RequireSubset(std::string_view name, const std::string& where);

}  // namespace reel3d
