// SPDX-License-Identifier: Apache-2.0
#include "lib/data/doubt.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/data/names.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<DoubtKind, const char*>, 7> kKinds = {{
    {DoubtKind::kOneClass, "one_class"},
    {DoubtKind::kNeverTrained, "never_trained"},
    {DoubtKind::kNeverJudged, "never_judged"},
    {DoubtKind::kCopies, "copies"},
    {DoubtKind::kUnlikeTraining, "unlike_training"},
    {DoubtKind::kUnreadable, "unreadable"},
    {DoubtKind::kOther, "other"},
}};

}  // namespace

std::vector<std::string> TextsOf(const std::vector<Doubt>& doubts) {
  std::vector<std::string> texts;
  texts.reserve(doubts.size());
  for (const Doubt& doubt : doubts) {
    texts.push_back(doubt.text);
  }
  return texts;
}

Json DoubtsToJson(const std::vector<Doubt>& doubts) {
  Json array = Json::array();
  for (const Doubt& doubt : doubts) {
    const auto* const kind = std::find_if(
        kKinds.begin(), kKinds.end(), [&](const auto& known) { return known.first == doubt.kind; });
    array.push_back({{"kind", kind->second}, {"classes", doubt.classes}, {"text", doubt.text}});
  }
  return array;
}

std::vector<Doubt> DoubtsFromJson(const Json& json) {
  std::vector<Doubt> doubts;
  for (const Json& element : json.get<std::vector<Json>>()) {
    Doubt doubt;
    if (element.is_string()) {
      doubt.text = Escaped(element.get<std::string>());
    } else {
      const auto name = element.at("kind").get<std::string>();
      const auto* const kind = std::find_if(
          kKinds.begin(), kKinds.end(), [&](const auto& known) { return known.second == name; });
      doubt.kind = kind == kKinds.end() ? DoubtKind::kOther : kind->first;
      doubt.classes = element.at("classes").get<std::vector<std::string>>();
      doubt.text = Escaped(element.at("text").get<std::string>());
    }
    doubts.push_back(std::move(doubt));
  }
  return doubts;
}

}  // namespace reel3d
