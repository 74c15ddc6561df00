// The passport of a data set: how many videos it should have, and what became of them. list-videos
// writes it beside the manifest, and pack-shards completes it. Training, scoring and evaluation
// carry it on, so that data sets can be compared after their folders are gone.
//
//   {"format": "reel3d-passport", "format_version": 1,
//    "list": {"manifest_crc32": ...},  facts of list-videos, such as checksums of annotation files
//    "shards": {"shards_crc32": ...},  facts of pack-shards
//    "counts": [{"subset", "class", "expected", "found", "packed", "short"}]}
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"

namespace reel3d {

// Counts the videos of one class in one subset. The difference of two columns is the number of
// videos that the later stage lost.
struct PassportCounts {
  // A packed video with fewer frames is short: the paper's clips have 16.
  static constexpr int kShortFrames = 16;

  int64_t expected = 0;  // rows of the annotations, or files in the class folder
  int64_t found = 0;     // of them with a file on disk
  int64_t packed = 0;    // of them in shards; 0 before pack-shards
  int64_t num_short = 0;

  PassportCounts& operator+=(const PassportCounts& other);
};

struct Passport {
  static constexpr uint64_t kMaxBytes = 16 << 20;  // a file above it is refused

  // Names in the folder of a stage: the passport of its data, and in scores and evaluations also
  // that of the data that the network was trained on.
  static constexpr const char* kFileName = "passport.json";
  static constexpr const char* kTrainedOn = "trained_on.json";
  // Keys of the checksums of the manifest, in `list`, and of shards.tsv, in `shards`.
  static constexpr const char* kOfManifest = "manifest_crc32";
  static constexpr const char* kOfShards = "shards_crc32";

  // Objects; empty before the stage has run.
  nlohmann::ordered_json list = nlohmann::ordered_json::object();
  nlohmann::ordered_json shards = nlohmann::ordered_json::object();
  std::map<std::pair<Subset, std::string>, PassportCounts> counts;  // the class "": not labelled
};

// Returns the checksum that a passport keeps of a file with this content: CRC-32, 8 hex digits.
std::string PassportChecksum(const std::string& content);

// Returns the path of the passport that belongs to a manifest, whether or not it is there.
std::filesystem::path ManifestPassportPath(const std::filesystem::path& manifest);

nlohmann::ordered_json PassportToJson(const Passport& passport);
// Throws an input error that begins with `source` if `json` is no passport, or one of a newer
// version.
Passport PassportFromJson(const nlohmann::ordered_json& json, const std::string& source);

// These return nothing if there is no file. They throw as PassportFromJson() does. The second and
// the third throw an input error too if the passport is of another manifest, or of other shards.
std::optional<Passport> ReadPassport(const std::filesystem::path& file);
std::optional<Passport> ReadManifestPassport(const std::filesystem::path& manifest);
std::optional<Passport> ReadShardsPassport(const std::filesystem::path& folder);
std::string FormatPassport(const Passport& passport);

// Returns what `read` returns, or nothing, with a warning, if it throws an Error: a stage that only
// carries a passport does not fail because of it.
std::optional<Passport> PassportOrWarning(const std::function<std::optional<Passport>()>& read);
// Writes the file if there is a passport, else removes it.
void WritePassport(const std::filesystem::path& file, const std::optional<Passport>& passport);
// Copies a passport. If `from` is absent or no passport, removes `to`.
void CarryPassport(const std::filesystem::path& from, const std::filesystem::path& to);

// Sets `expected` and `found` from a manifest and its table of missing files.
void CountListed(const Manifest& manifest, const std::vector<MissingFile>& missing,
                 Passport* passport);

// A value that differs between two passports. An absent value is "".
struct PassportDifference {
  std::string what;  // "list class_order", or "validation: abseiling: packed"
  std::string first, second;
};
std::vector<PassportDifference> DifferencesOf(const Passport& first, const Passport& second);
// Returns in what the lists of videos differ: facts of list-videos that both passports state, and
// the counts `expected` and `found`. Returns nothing if no such fact stands in both, as in a file
// of weights whose passport has only facts of frames: then nobody knows whether the lists are
// equal.
std::optional<std::vector<PassportDifference>> ListDifferences(const Passport& first,
                                                               const Passport& second);

}  // namespace reel3d
