// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/training_match.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/visible_text.h"

namespace reel3d {
namespace {

constexpr const char* kNormalisation = "normalisation";

const std::vector<std::string>& KnownNames() {
  static const std::vector<std::string> names = {"height", "fps", "quality", "classes",
                                                 kNormalisation};
  return names;
}

// Says what makes the data like those of the training.
std::string Remedy(const std::vector<TrainingDifference>& refused) {
  std::vector<std::string> settings;
  for (const TrainingDifference& one : refused) {
    if (one.what != kNormalisation) {
      settings.push_back(fmt::format("{} = {}", one.what, one.trained));
    }
  }
  std::string text = settings.size() < refused.size() ? "leave out --preprocessing" : "";
  if (!settings.empty()) {
    text += fmt::format("{}prepare the videos with {}", text.empty() ? "" : " and ",
                        fmt::join(settings, ", "));
  }
  return text;
}

std::vector<TrainingDifference> CompareFrames(const std::string& data,
                                              const std::optional<FrameFacts>& here,
                                              const std::optional<FrameFacts>& trained) {
  if (here && trained) {
    return FrameDifferences(*here, *trained);
  }
  LogInfo(fmt::format(
      "{}: not compared with the frames of the training, as {}", data,
      trained ? "its passport does not say how its frames were prepared; the same pack-shards "
                "command writes that"
              : "the network does not say how those were prepared"));
  return {};
}

void RequireAllowed(const std::string& data, const std::vector<TrainingDifference>& differences,
                    const AllowedDifferences& allowed) {
  std::vector<TrainingDifference> refused;
  std::vector<std::string> names;
  for (const TrainingDifference& one : differences) {
    if (!one.is_minor && !allowed.Has(one.what)) {
      refused.push_back(one);
      names.push_back(one.what);
    }
  }
  if (!refused.empty()) {
    throw InputError(fmt::format(
        "{}: unlike the data of the training: {}; {}, or accept it with --allow {}", data,
        DescribeDifferences(refused, "training"), Remedy(refused), fmt::join(names, ",")));
  }
  if (!differences.empty()) {
    LogWarn(fmt::format("{}: {}", data, AcceptedSentence(differences)));
  }
}

// Throws an input error if videos cannot be prepared so. A passport may state any word and number.
void RequirePreparable(const PreparationOptions& like_training) {
  try {
    like_training.Check();
  } catch (const Error& error) {
    throw InputError(
        fmt::format("the network's passport states frames that cannot be prepared ({}): give "
                    "--height and the other options yourself",
                    error.what()));
  }
}

}  // namespace

void AllowedDifferences::Bind(OptionBinder& binder) {
  binder.Bind("allow", &names,
              "accept these differences between the data and those of the training, separated by "
              "commas: height, fps or quality of the prepared frames, classes (other names for "
              "the same classes, in the same order), normalisation (by --preprocessing). Figures "
              "may be worse than the network's. Empty: such a difference is an error",
              Effect::kRunOnly);
}

void AllowedDifferences::Check() const {
  for (const std::string& name : names) {
    if (std::count(KnownNames().begin(), KnownNames().end(), name) == 0) {
      throw UsageError(fmt::format("--allow {}: must be one of {}", Escaped(name),
                                   fmt::join(KnownNames(), ", ")));
    }
  }
}

bool AllowedDifferences::Has(const std::string& name) const {
  return std::count(names.begin(), names.end(), name) > 0;
}

std::vector<TrainingDifference> RequireLikeTraining(const std::string& data,
                                                    const std::optional<FrameFacts>& here,
                                                    const std::optional<Passport>& trained_on,
                                                    std::vector<TrainingDifference> others,
                                                    const AllowedDifferences& allowed) {
  std::vector<TrainingDifference> all = std::move(others);
  for (TrainingDifference& one : CompareFrames(data, here, FrameFactsOf(trained_on))) {
    all.push_back(std::move(one));
  }
  RequireAllowed(data, all, allowed);
  return all;
}

PreparationOptions PreparationFor(const PreparationOptions& options,
                                  const std::optional<Passport>& trained_on) {
  const std::optional<FrameFacts> trained = FrameFactsOf(trained_on);
  if (options.height != 0 || options.short_side != 0 || !trained) {
    return options;
  }
  const PreparationOptions unset;
  PreparationOptions like = options;
  like.height = trained->height;
  like.short_side = trained->short_side;
  like.quality = options.quality == unset.quality ? trained->quality : options.quality;
  like.fps = options.fps == unset.fps ? trained->fps : options.fps;
  if (options.interlaced == unset.interlaced) {
    like.interlaced = FindChoice<Interlaced>(trained->interlaced).value_or(unset.interlaced);
  }
  RequirePreparable(like);
  return like;
}

}  // namespace reel3d
