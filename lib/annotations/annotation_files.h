// Finds the files that --annotations names. A folder stands for the files in it. "validation=FILE"
// gives the subset of the rows of a list that does not state subsets itself.
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
  // Returns the first line without its end. Returns "" if it has more than 4 kB: no list has such
  // rows, and std::regex needs stack for each character.
  std::string FirstLine() const;
  // Returns said_subset, or else the subset in the file's name ("trainlist01.txt", "val.csv").
  // Throws an input error unless the name holds exactly one subset.
  Subset SubsetOfAll() const;
};

// Returns the files that `names` stand for. Files of a folder are in bytewise order, without hidden
// ones. Throws an input error if a file is absent, or if a folder holds none.
std::vector<AnnotationFile> FindAnnotationFiles(const std::vector<std::string>& names);

// Returns the subset that a name means, in any case: train, training; val, valid, validate,
// validation; test, testing, holdout. Other names mean none.
std::optional<Subset> SubsetCalled(std::string_view name);

// Returns the subset as SubsetCalled() does. If there is none, throws an input error that begins
// with `where` and lists the known names.
Subset RequireSubset(std::string_view name, const std::string& where);

}  // namespace reel3d
