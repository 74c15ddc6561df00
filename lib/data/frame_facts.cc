// SPDX-License-Identifier: Apache-2.0
#include "lib/data/frame_facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/visible_text.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

// Text of a passport is printed, so it has only characters that a setting can have.
std::string Word(const Json& json, const char* key, const std::string& source) {
  constexpr size_t kMost = 32;
  const auto word = json.at(key).get<std::string>();
  const bool is_word = std::all_of(word.begin(), word.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '/' ||
           letter == '.';
  });
  if (word.empty() || word.size() > kMost || !is_word) {
    throw InputError(fmt::format("{}: the value of {} is no setting of prep-videos", source, key));
  }
  return word;
}

// Returns the given one of height and short side, in pixels.
int LinesOf(const FrameFacts& facts) {
  return facts.short_side > 0 ? facts.short_side : facts.height;
}

std::string LinesText(const FrameFacts& facts) {
  return fmt::format("{}{}", LinesOf(facts), facts.short_side > 0 ? " (short side)" : "");
}

bool IsNear(int one, int other) {
  constexpr double kMostRatio = 1.25;
  return std::max(one, other) <= kMostRatio * std::min(one, other);
}

// Returns the minor differences, or the others.
std::vector<TrainingDifference> Only(const std::vector<TrainingDifference>& differences,
                                     bool minor) {
  std::vector<TrainingDifference> some;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(some),
               [&](const TrainingDifference& one) { return one.is_minor == minor; });
  return some;
}

bool KeepsTimes(const std::string& fps) { return fps == "source" || fps == "constant"; }

constexpr const char* kFramesKey = "frames";
constexpr const char* kDifferencesKey = "differences";

// Calls `use` with the fact `key` of the shards, if there is one. Warns if `use` refuses it.
void UseFact(const std::optional<Passport>& passport, const char* key,
             const std::function<void(const Json& json, const std::string& source)>& use) {
  if (!passport || !passport->shards.contains(key)) {
    return;
  }
  try {
    use(passport->shards[key], fmt::format("{} in a passport", key));
  } catch (const Error& error) {
    LogWarn(fmt::format("{}: taken as not known", error.what()));
  }
}

}  // namespace

Json FrameFactsToJson(const FrameFacts& facts) {
  return {{"height", facts.height},
          {"short_side", facts.short_side},
          {"quality", facts.quality},
          {"fps", facts.fps},
          {"interlaced", facts.interlaced}};
}

FrameFacts FrameFactsFromJson(const Json& json, const std::string& source) {
  constexpr int kMostSide = 8192;  // the most that --height takes
  constexpr int kBestQuality = 100;
  FrameFacts facts;
  const auto number = [&](const char* key, int most) {
    return static_cast<int>(IntegerAt(json, key, 0, most, source));
  };
  UseJson(source, [&] {
    facts.height = number("height", kMostSide);
    facts.short_side = number("short_side", kMostSide);
    facts.quality = number("quality", kBestQuality);
    facts.fps = Word(json, "fps", source);
    facts.interlaced = Word(json, "interlaced", source);
    if (LinesOf(facts) == 0 || facts.quality == 0) {
      throw InputError(source + ": frames have a height or a short side, and a quality");
    }
  });
  return facts;
}

std::vector<TrainingDifference> FrameDifferences(const FrameFacts& here,
                                                 const FrameFacts& trained) {
  constexpr int kMostQuality = 15;
  std::vector<TrainingDifference> differences;
  const auto compare = [&](const char* what, const std::string& of_here,
                           const std::string& of_training, bool is_minor) {
    if (of_here != of_training) {
      differences.push_back({what, of_here, of_training, is_minor});
    }
  };
  compare("height", LinesText(here), LinesText(trained), IsNear(LinesOf(here), LinesOf(trained)));
  compare("fps", here.fps, trained.fps, KeepsTimes(here.fps) && KeepsTimes(trained.fps));
  compare("quality", std::to_string(here.quality), std::to_string(trained.quality),
          std::abs(here.quality - trained.quality) <= kMostQuality);
  compare("interlaced", here.interlaced, trained.interlaced, /*is_minor=*/true);
  return differences;
}

std::string DescribeDifferences(const std::vector<TrainingDifference>& differences,
                                const char* other) {
  std::vector<std::string> texts;
  texts.reserve(differences.size());
  for (const TrainingDifference& one : differences) {
    texts.push_back(fmt::format("{} {} ({}: {})", one.what, one.here, other, one.trained));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string AcceptedSentence(const std::vector<TrainingDifference>& differences) {
  const std::vector<TrainingDifference> minor = Only(differences, /*minor=*/true);
  const std::vector<TrainingDifference> accepted = Only(differences, /*minor=*/false);
  std::string text;
  if (!accepted.empty()) {
    text = fmt::format("the data are unlike those of the training, as --allow accepts: {}",
                       DescribeDifferences(accepted, "training"));
  }
  if (!minor.empty()) {
    text += fmt::format(
        "{}{}", text.empty() ? "the data differ a little from the training's: " : "; a little: ",
        DescribeDifferences(minor, "training"));
  }
  return text;
}

Json DifferencesToJson(const std::vector<TrainingDifference>& differences) {
  Json array = Json::array();
  for (const TrainingDifference& one : differences) {
    array.push_back({{"what", one.what},
                     {"here", one.here},
                     {"trained", one.trained},
                     {"minor", one.is_minor}});
  }
  return array;
}

std::vector<TrainingDifference> DifferencesFromJson(const Json& json, const std::string& source) {
  constexpr size_t kMost = 100;
  std::vector<TrainingDifference> differences;
  UseJson(source, [&] {
    const auto& rows = json.get_ref<const Json::array_t&>();
    if (rows.size() > kMost) {
      throw InputError(
          fmt::format("{}: {} differences, and {} are the most", source, rows.size(), kMost));
    }
    for (const Json& row : rows) {
      const auto text = [&](const char* key) { return Escaped(row.at(key).get<std::string>()); };
      differences.push_back(
          {text("what"), text("here"), text("trained"), row.at("minor").get<bool>()});
    }
  });
  return differences;
}

void SetFrames(const FrameFacts& facts, Passport* passport) {
  passport->shards[kFramesKey] = FrameFactsToJson(facts);
}

void SetDifferences(const std::vector<TrainingDifference>& differences, Passport* passport) {
  passport->shards.erase(kDifferencesKey);
  if (!differences.empty()) {
    passport->shards[kDifferencesKey] = DifferencesToJson(differences);
  }
}

std::optional<FrameFacts> FrameFactsOf(const std::optional<Passport>& passport) {
  std::optional<FrameFacts> facts;
  UseFact(passport, kFramesKey, [&](const Json& json, const std::string& source) {
    facts = FrameFactsFromJson(json, source);
  });
  return facts;
}

void DropDamagedFrames(std::optional<Passport>* passport) {
  if (*passport && !FrameFactsOf(*passport)) {
    (*passport)->shards.erase(kFramesKey);
  }
}

std::vector<TrainingDifference> DifferencesIn(const std::optional<Passport>& passport) {
  std::vector<TrainingDifference> differences;
  UseFact(passport, kDifferencesKey, [&](const Json& json, const std::string& source) {
    differences = DifferencesFromJson(json, source);
  });
  return differences;
}

}  // namespace reel3d
