// The file DONE of a folder of shards: "crc32  bytes  name" of each table that pack-shards wrote,
// in hexadecimal and decimal, one a line. It detects a table that was lost, emptied or edited
// afterwards. Without missing.tsv, for example, videos that could not be prepared would no longer
// count as wrong, and every figure would look better than it is.
//
// Older versions left DONE empty. Such folders are read, and DataDoubts() reports that their tables
// cannot be checked. Shards have checksums of their own; shards.tsv lists their uuids.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace reel3d {

// Size and CRC-32 of the bytes of a table.
struct TableSum {
  uint64_t size_bytes = 0;
  uint32_t crc32 = 0;

  void Add(std::string_view bytes);
  bool operator==(const TableSum& other) const {
    return size_bytes == other.size_bytes && crc32 == other.crc32;
  }
};

// Reads the file in pieces, so that it may be large. Throws as RequireFile() does
// (lib/base/file.h).
TableSum SumOfFile(const std::filesystem::path& file);

// Returns the content of DONE for the tables that are in `folder`.
std::string FormatTableChecksums(const std::filesystem::path& folder);

class TableChecksums {
 public:
  // Holds no checksums, as for a folder that an older version packed.
  TableChecksums() = default;
  // Reads DONE. Throws an input error if it is absent, or if it is not empty and lacks one of the
  // tables that every folder has, or names a table twice.
  explicit TableChecksums(const std::filesystem::path& folder);

  // Returns false if an older version packed the folder.
  bool are_known() const { return !lines_.empty(); }
  // Returns true if pack-shards wrote that table.
  bool Has(const std::string& name) const { return lines_.count(name) > 0; }
  // Returns true if DONE states this sum for that table.
  bool States(const std::string& name, const TableSum& sum) const;

  // Throws an input error that says what to do if the table `name`, whose content is `bytes` or has
  // this sum, does not match its checksum. Does nothing if the checksums are not known.
  void Require(const std::string& name, const std::string& bytes) const;
  void Require(const std::string& name, const TableSum& sum) const;
  // Call it if the folder has no table `name`. Throws an input error if pack-shards wrote that
  // table, because then it is lost.
  void RequireAbsent(const std::string& name) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::string> lines_;  // by name
};

}  // namespace reel3d
