// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/table_checksums.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <sstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/names.h"
#include "lib/shard/equal_frames.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDone = "DONE";
constexpr uint64_t kMostDoneBytes = 4096;

// pack-shards always writes these tables. It writes same_content.tsv only if there are copies.
constexpr std::array kAlways = {"index.tsv", "shards.tsv", "classes.txt", "missing.tsv"};

constexpr const char* kRestoreOrPackAgain =
    "restore it, or run the same pack-shards command again, which keeps shards of its own version";

std::string Line(const std::string& name, const TableSum& sum) {
  return fmt::format("{:08x}  {}  {}", sum.crc32, sum.size_bytes, name);
}

}  // namespace

void TableSum::Add(std::string_view bytes) {
  crc32 = Crc32(bytes.data(), bytes.size(), crc32);
  size_bytes += bytes.size();
}

TableSum SumOfFile(const fs::path& file) {
  RequireFile(file, "a table that pack-shards wrote");
  std::ifstream stream(file, std::ios::binary);
  std::string piece(size_t{1} << 20, '\0');
  TableSum sum;
  while (stream) {
    stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    sum.Add(std::string_view(piece).substr(0, static_cast<size_t>(stream.gcount())));
  }
  if (!stream.eof()) {
    throw EnvironmentError(file.string() + ": cannot be read to its end");
  }
  return sum;
}

std::string FormatTableChecksums(const fs::path& folder) {
  std::string text;
  for (const char* name : kAlways) {
    text += Line(name, SumOfFile(folder / name)) + "\n";
  }
  if (fs::exists(folder / kEqualFramesFile)) {
    text += Line(kEqualFramesFile, SumOfFile(folder / kEqualFramesFile)) + "\n";
  }
  return text;
}

TableChecksums::TableChecksums(const fs::path& folder) : folder_(folder) {
  RequireFile(folder / kDone, "pack-shards has not finished there");
  const auto require = [&](bool good, const std::string& fault) {
    if (!good) {
      throw InputError(fmt::format("{}: is damaged, as it {}: {}", (folder / kDone).string(), fault,
                                   kRestoreOrPackAgain));
    }
  };
  std::istringstream text(ReadFile(folder / kDone, kMostDoneBytes));
  for (std::string line; std::getline(text, line);) {
    const std::string name = line.substr(line.rfind(' ') + 1);
    require(lines_.emplace(name, line).second, fmt::format("names {} twice", Escaped(name)));
  }
  for (const char* name : kAlways) {
    require(!are_known() || Has(name), fmt::format("does not name {}", name));
  }
}

bool TableChecksums::States(const std::string& name, const TableSum& sum) const {
  const auto stated = lines_.find(name);
  return stated != lines_.end() && stated->second == Line(name, sum);
}

void TableChecksums::Require(const std::string& name, const std::string& bytes) const {
  TableSum sum;
  sum.Add(bytes);
  Require(name, sum);
}

void TableChecksums::Require(const std::string& name, const TableSum& sum) const {
  if (!are_known()) {
    return;
  }
  const auto stated = lines_.find(name);
  const std::string found = Line(name, sum);
  if (stated == lines_.end() || stated->second != found) {
    throw InputError(fmt::format(
        "{}: is not what pack-shards wrote: DONE says '{}', found '{}': {}",
        (folder_ / name).string(), stated == lines_.end() ? "" : Escaped(stated->second), found,
        kRestoreOrPackAgain));
  }
}

void TableChecksums::RequireAbsent(const std::string& name) const {
  if (Has(name)) {
    throw InputError(fmt::format("{}: is lost, as DONE names it: {}", (folder_ / name).string(),
                                 kRestoreOrPackAgain));
  }
}

}  // namespace reel3d
