// The file DONE of a folder of shards: "crc32  bytes  name" of each table that pack-shards wrote,
// in hexadecimal and decimal, one a line. It makes sure that no table is lost, emptied or edited
// afterwards: without missing.tsv, for example, videos that could not be prepared would no longer
// count as wrong, and every figure would be better than it is.
//
// Older versions left DONE empty. Such folders are read; DataDoubts() says what is not known of
// them. Shards have checksums of their own, which shards.tsv names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace reel3d {

// Returns the content of DONE for the tables that are in `folder`.
std::string FormatTableChecksums(const std::filesystem::path& folder);

class TableChecksums {
 public:
  // Knows nothing, as of a folder that an older version packed.
  TableChecksums() = default;
  // Reads DONE. Throws an input error if it is absent, or is neither empty nor such a list of all
  // tables that every folder has.
  explicit TableChecksums(const std::filesystem::path& folder);

  // Returns false if an older version packed the folder.
  bool are_known() const { return !lines_.empty(); }
  // Returns true if pack-shards wrote that table.
  bool Has(const std::string& name) const { return lines_.count(name) > 0; }

  // Throws an input error that says what to do unless the table `name` is as it was: with these
  // bytes. Does nothing if the checksums are not known.
  void Require(const std::string& name, const std::string& bytes) const;
  // Throws an input error that says that the table `name` is lost, if pack-shards wrote it.
  void RequireAbsent(const std::string& name) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::string> lines_;  // by name
};

}  // namespace reel3d
