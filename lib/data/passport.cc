// SPDX-License-Identifier: Apache-2.0
#include "lib/data/passport.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "lib/base/choices.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/visible_text.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "reel3d-passport";
constexpr int kVersion = 1;

struct CountColumn {
  const char* name;
  int64_t PassportCounts::*count;
};

const std::vector<CountColumn>& CountColumns() {
  static const std::vector<CountColumn> columns = {{"expected", &PassportCounts::expected},
                                                   {"found", &PassportCounts::found},
                                                   {"packed", &PassportCounts::packed},
                                                   {"short", &PassportCounts::num_short}};
  return columns;
}

int DepthOf(const Json& json) {
  int depth = 0;
  if (json.is_structured()) {
    for (const Json& value : json) {
      depth = std::max(depth, DepthOf(value));
    }
    ++depth;
  }
  return depth;
}

// Returns facts of a stage. A checkpoint puts them into its state, whose depth is limited too.
Json Facts(const Json& json, const std::string& source) {
  constexpr int kMaxDepth = 4;
  if (!json.is_object() || DepthOf(json) > kMaxDepth) {
    throw InputError(
        fmt::format("{}: list and shards must be objects of at most {} levels", source, kMaxDepth));
  }
  return json;
}

Subset SubsetOf(const Json& row, const std::string& source) {
  const auto name = row.at("subset").get<std::string>();
  const std::optional<Subset> subset = FindChoice<Subset>(name);
  if (!subset) {
    throw InputError(fmt::format("{}: '{}' is not a subset", source, Escaped(name)));
  }
  return *subset;
}

// Throws an input error unless `facts` has the checksum of `file`.
void RequireOf(const fs::path& file, const Json& facts, const char* checksum,
               const fs::path& passport) {
  const auto of = facts.find(checksum);
  if (of == facts.end() || *of != PassportChecksum(ReadFile(file))) {
    throw InputError(fmt::format("{} is not the passport of {}, which was written or edited later",
                                 passport.string(), file.string()));
  }
}

// Returns each plain value in `json` by its path, such as "list missing_because no file".
std::map<std::string, std::string> ValuesIn(const Json& json, const std::string& prefix) {
  std::map<std::string, std::string> values;
  if (json.is_structured()) {
    int place = 0;
    for (const auto& [key, value] : json.items()) {
      const std::string name = json.is_array() ? std::to_string(++place) : key;
      values.merge(ValuesIn(value, prefix + " " + name));
    }
  } else if (!json.is_null()) {
    values[prefix] = json.is_string() ? json.get<std::string>() : json.dump();
  }
  return values;
}

// Returns the first `num_columns` counts of each class by their paths.
std::map<std::string, std::string> CountsIn(const Passport& passport, size_t num_columns) {
  std::map<std::string, std::string> values;
  for (const auto& [subset_and_class, counts] : passport.counts) {
    for (size_t place = 0; place < num_columns; ++place) {
      const CountColumn& column = CountColumns()[place];
      values[fmt::format("{}: {}: {}", SubsetName(subset_and_class.first), subset_and_class.second,
                         column.name)] = std::to_string(counts.*column.count);
    }
  }
  return values;
}

std::map<std::string, std::string> ValuesIn(const Passport& passport) {
  std::map<std::string, std::string> values = ValuesIn(passport.list, "list");
  values.merge(ValuesIn(passport.shards, "shards"));
  values.merge(CountsIn(passport, CountColumns().size()));
  return values;
}

// Returns the facts of `list` that `other` states too.
Json SharedFacts(const Json& list, const Json& other) {
  Json shared = Json::object();
  for (const auto& [key, value] : list.items()) {
    if (other.contains(key)) {
      shared[key] = value;
    }
  }
  return shared;
}

std::map<std::string, std::string> ListValuesIn(const Passport& passport, const Json& shared) {
  constexpr size_t kOfList = 2;  // pack-shards adds the columns behind `expected` and `found`
  std::map<std::string, std::string> values = ValuesIn(shared, "list");
  values.merge(CountsIn(passport, kOfList));
  return values;
}

std::vector<PassportDifference> Differences(std::map<std::string, std::string> of_first,
                                            std::map<std::string, std::string> of_second) {
  std::map<std::string, std::string> all = of_first;
  all.insert(of_second.begin(), of_second.end());
  std::vector<PassportDifference> differences;
  for (const auto& [what, value] : all) {
    if (of_first[what] != of_second[what]) {
      differences.push_back({what, of_first[what], of_second[what]});
    }
  }
  return differences;
}

}  // namespace

PassportCounts& PassportCounts::operator+=(const PassportCounts& other) {
  for (const CountColumn& column : CountColumns()) {
    this->*column.count += other.*column.count;
  }
  return *this;
}

std::string PassportChecksum(const std::string& content) {
  return fmt::format("{:08x}", Crc32(content.data(), content.size()));
}

fs::path ManifestPassportPath(const fs::path& manifest) {
  return fs::path(manifest).replace_extension(".passport.json");
}

Json PassportToJson(const Passport& passport) {
  Json rows = Json::array();
  for (const auto& [subset_and_class, counts] : passport.counts) {
    Json row = {{"subset", SubsetName(subset_and_class.first)}, {"class", subset_and_class.second}};
    for (const CountColumn& column : CountColumns()) {
      row[column.name] = counts.*column.count;
    }
    rows.push_back(std::move(row));
  }
  return {{"format", kFormat},
          {"format_version", kVersion},
          {"list", passport.list},
          {"shards", passport.shards},
          {"counts", std::move(rows)}};
}

Passport PassportFromJson(const Json& json, const std::string& source) {
  Passport passport;
  UseJson(source, [&] {
    if (json.value("format", "") != kFormat) {
      throw InputError(source + ": not a passport of a data set");
    }
    if (IntegerAt(json, "format_version", 1, INT64_MAX, source) != kVersion) {
      throw InputError(
          fmt::format("{}: a passport of another version of reel3d; this one reads "
                      "format_version {}",
                      source, kVersion));
    }
    passport.list = Facts(json.at("list"), source);
    passport.shards = Facts(json.at("shards"), source);
    for (const Json& row : json.at("counts").get_ref<const Json::array_t&>()) {
      constexpr int64_t kMostVideos = int64_t{1} << 40;
      PassportCounts counts;
      for (const CountColumn& column : CountColumns()) {
        counts.*column.count = IntegerAt(row, column.name, 0, kMostVideos, source);
      }
      const auto name = row.at("class").get<std::string>();
      const Subset subset = SubsetOf(row, source);
      if (!passport.counts.emplace(std::pair(subset, name), counts).second) {
        throw InputError(fmt::format("{}: two rows of {}, class '{}'", source, SubsetName(subset),
                                     Escaped(name)));
      }
    }
  });
  return passport;
}

std::optional<Passport> ReadPassport(const fs::path& file) {
  std::error_code unknown;
  if (!fs::exists(file, unknown) && !unknown) {
    return std::nullopt;
  }
  return PassportFromJson(ReadJsonObject(file, Passport::kMaxBytes), file.string());
}

std::optional<Passport> ReadManifestPassport(const fs::path& manifest) {
  const fs::path file = ManifestPassportPath(manifest);
  std::optional<Passport> passport = ReadPassport(file);
  if (passport) {
    RequireOf(manifest, passport->list, Passport::kOfManifest, file);
  }
  return passport;
}

std::optional<Passport> ReadShardsPassport(const fs::path& folder) {
  const fs::path file = folder / Passport::kFileName;
  std::optional<Passport> passport = ReadPassport(file);
  if (passport) {
    RequireOf(folder / "shards.tsv", passport->shards, Passport::kOfShards, file);
  }
  return passport;
}

std::string FormatPassport(const Passport& passport) {
  return FormatJson(PassportToJson(passport)) + "\n";
}

std::optional<Passport> PassportOrWarning(const std::function<std::optional<Passport>()>& read) {
  try {
    return read();
  } catch (const Error& error) {
    LogWarn(fmt::format("{}; this stage goes on without the passport", error.what()));
    return std::nullopt;
  }
}

void WritePassport(const fs::path& file, const std::optional<Passport>& passport) {
  if (passport) {
    WriteFileAtomically(file, FormatPassport(*passport));
  } else {
    fs::remove(file);
  }
}

void CarryPassport(const fs::path& from, const fs::path& to) {
  WritePassport(to, PassportOrWarning([&] { return ReadPassport(from); }));
}

void CountListed(const Manifest& manifest, const std::vector<MissingFile>& missing,
                 Passport* passport) {
  for (auto& [subset_and_class, counts] : passport->counts) {
    counts.expected = counts.found = 0;
  }
  for (const VideoRow& row : manifest.videos) {
    PassportCounts& counts = passport->counts[{row.subset, row.label}];
    ++counts.expected;
    ++counts.found;
  }
  for (const MissingFile& row : missing) {
    ++passport->counts[{row.subset, row.label}].expected;
  }
}

std::vector<PassportDifference> DifferencesOf(const Passport& first, const Passport& second) {
  return Differences(ValuesIn(first), ValuesIn(second));
}

std::optional<std::vector<PassportDifference>> ListDifferences(const Passport& first,
                                                               const Passport& second) {
  const Json of_first = SharedFacts(first.list, second.list);
  if (of_first.empty()) {
    return std::nullopt;
  }
  return Differences(ListValuesIn(first, of_first),
                     ListValuesIn(second, SharedFacts(second.list, first.list)));
}

}  // namespace reel3d
