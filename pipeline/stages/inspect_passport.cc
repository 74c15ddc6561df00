// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/inspect_passport.h"

#include <map>
#include <optional>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/data/passport.h"
#include "lib/train/checkpoint/checkpoint_folder.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

Passport FindPassport(const fs::path& path) {
  if (!fs::exists(path)) {
    throw InputError(path.string() + ": there is no such file or folder");
  }
  std::optional<Passport> passport;
  if (path.extension() == ".json") {
    passport = ReadPassport(path);
  } else if (path.extension() == ".tsv") {
    passport = ReadManifestPassport(path);
  } else if (fs::exists(path / CheckpointFiles::kState)) {
    passport = PassportOfTraining(path);
  } else if (fs::exists(path / "shards.tsv")) {
    passport = ReadShardsPassport(path);
  } else {
    passport = ReadPassport(path / Passport::kFileName);
  }
  if (!passport) {
    throw InputError(path.string() +
                     ": carries no passport. Manifests, and the folders of shards, checkpoints, "
                     "scores and evaluations, carry one if this version of reel3d made them");
  }
  return *passport;
}

// Returns the counts, and what each stage lost.
Json LossesOf(const PassportCounts& counts, bool is_packed) {
  Json json = {{"expected", counts.expected},
               {"found", counts.found},
               {"missing", counts.expected - counts.found}};
  if (is_packed) {
    json["packed"] = counts.packed;
    json["not_packed"] = counts.found - counts.packed;
    json["short"] = counts.num_short;
  }
  return json;
}

}  // namespace

Json InspectPassport(const fs::path& file) {
  const Passport passport = ReadPassport(file).value();
  Json json = {{"kind", "passport"}, {"list", passport.list}, {"shards", passport.shards}};
  const bool is_packed = passport.shards.contains(Passport::kOfShards);
  std::map<Subset, PassportCounts> sums;
  Json rows = Json::array();
  for (const auto& [subset_and_class, counts] : passport.counts) {
    const auto& [subset, name] = subset_and_class;
    sums[subset] += counts;
    rows.push_back({{"subset", SubsetName(subset)}, {"class", name}});
    rows.back().update(LossesOf(counts, is_packed));
  }
  for (const auto& [subset, counts] : sums) {
    json["subsets"].push_back({{"subset", SubsetName(subset)}});
    json["subsets"].back().update(LossesOf(counts, is_packed));
  }
  json["rows"] = rows;
  return json;
}

Json ComparePassports(const fs::path& first, const fs::path& second) {
  Json rows = Json::array();
  for (const PassportDifference& found : DifferencesOf(FindPassport(first), FindPassport(second))) {
    rows.push_back({{"what", found.what}, {"first", found.first}, {"second", found.second}});
  }
  return {{"kind", "comparison of passports"},
          {"first", first.string()},
          {"second", second.string()},
          {"differences", rows.size()},
          {"rows", rows}};
}

}  // namespace reel3d
