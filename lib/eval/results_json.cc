// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/results_json.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/json.h"

namespace reel3d {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMostBytes = uint64_t{1} << 30;

// Returns the object under `key`. If there is none, throws an input error that says that `file`
// should be `what`.
const Json& ObjectIn(const Json& whole, const char* key, const std::filesystem::path& file,
                     const char* what) {
  const auto found = whole.find(key);
  if (found == whole.end() || !found->is_object()) {
    throw InputError(
        fmt::format("{} has no object \"{}\": it should be {}", file.string(), key, what));
  }
  return *found;
}

ResultEntry EntryOf(const std::string& video, const Json& entry) {
  return {video, entry.at("label").get<std::string>(), entry.at("score").get<double>()};
}

void AddLabels(const Json& annotations, std::set<std::string>* labels) {
  if (annotations.is_object()) {
    labels->insert(annotations.at("label").get<std::string>());
    return;
  }
  for (const Json& annotation : annotations) {
    labels->insert(annotation.at("label").get<std::string>());
  }
}

}  // namespace

std::vector<ResultEntry> ReadResults(const std::filesystem::path& file) {
  const Json whole = ReadLargeJsonObject(file, kMostBytes);
  std::vector<ResultEntry> entries;
  for (const auto& [video, list] :
       ObjectIn(whole, "results", file, "a results.json with labels and scores of videos")
           .items()) {
    UseJson(fmt::format("{}: video {}", file.string(), video), [&, &id = video, &found = list] {
      for (const Json& entry : found) {
        entries.push_back(EntryOf(id, entry));
      }
    });
  }
  return entries;
}

TrueLabels ReadTrueLabels(const std::filesystem::path& file, const std::string& subset) {
  const Json whole = ReadLargeJsonObject(file, kMostBytes);
  TrueLabels truth;
  std::set<std::string> subsets;
  for (const auto& [video, row] :
       ObjectIn(whole, "database", file, "an annotation file of the reference code or ActivityNet")
           .items()) {
    UseJson(fmt::format("{}: video {}", file.string(), video), [&, &id = video, &found = row] {
      const auto name = found.at("subset").template get<std::string>();
      subsets.insert(name);
      if (name == subset && found.contains("annotations")) {
        AddLabels(found.at("annotations"), &truth[id]);
      }
    });
  }
  for (auto video = truth.begin(); video != truth.end();) {
    video = video->second.empty() ? truth.erase(video) : std::next(video);
  }
  if (truth.empty()) {
    throw InputError(fmt::format("{} has no labelled video of subset {}; its subsets are: {}",
                                 file.string(), subset, fmt::join(subsets, ", ")));
  }
  return truth;
}

}  // namespace reel3d
