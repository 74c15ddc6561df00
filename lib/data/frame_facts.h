// States how the frames of a data set were prepared: what prep-videos was told. A network answers
// well only for frames that are prepared like those that it learned from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/passport.h"

namespace reel3d {

// The key of the note in which convert-weights stores the facts of a checkpoint's training, as
// JSON.
constexpr const char* kFramesNote = "reel3d.frames";

struct FrameFacts {
  int height = 0;          // pixels; 0 with `short_side`
  int short_side = 0;      // pixels; 0: the height was given
  int quality = 0;         // of the JPEG frames, 1 to 100
  std::string fps;         // "source", "constant", or a rate such as "25" or "30000/1001"
  std::string interlaced;  // "field" or "weave"
};

nlohmann::ordered_json FrameFactsToJson(const FrameFacts& facts);
// Throws an input error that begins with `source` if `json` holds no such facts.
FrameFacts FrameFactsFromJson(const nlohmann::ordered_json& json, const std::string& source);

// A fact of the data in which they differ from the data that the network was trained on.
struct TrainingDifference {
  std::string what;           // "height", "fps", ...: the name for --allow
  std::string here, trained;  // both values, for messages
  bool is_minor = false;      // true: a warning, which needs no --allow
};

// Compares prepared frames with those of the training. Another frame rate is no minor difference,
// but "constant" is like "source". Neither is a height (or short side) that is larger or smaller by
// more than a quarter, or a quality that differs by more than 15. The rest are minor.
std::vector<TrainingDifference> FrameDifferences(const FrameFacts& here, const FrameFacts& trained);

// Returns such as "height 240 (training: 72), fps 5 (training: source)", where `other` is
// "training".
std::string DescribeDifferences(const std::vector<TrainingDifference>& differences,
                                const char* other);

// Returns one sentence without full stop about differences that were accepted; "" if there are
// none.
std::string AcceptedSentence(const std::vector<TrainingDifference>& differences);

// Returns an array with {"what", "here", "trained", "minor"} of each.
nlohmann::ordered_json DifferencesToJson(const std::vector<TrainingDifference>& differences);
// Throws an input error that begins with `source` if `json` is no such array.
std::vector<TrainingDifference> DifferencesFromJson(const nlohmann::ordered_json& json,
                                                    const std::string& source);

// A passport keeps the facts among those of the shards, as `frames`; in scores also `differences`,
// the minor ones and those that --allow accepted. Older versions of reel3d carry both along.
void SetFrames(const FrameFacts& facts, Passport* passport);
void SetDifferences(const std::vector<TrainingDifference>& differences, Passport* passport);
// Return what the passport keeps; nothing if it keeps nothing, or with a warning if that is
// damaged.
std::optional<FrameFacts> FrameFactsOf(const std::optional<Passport>& passport);
std::vector<TrainingDifference> DifferencesIn(const std::optional<Passport>& passport);
// Takes damaged `frames` out, with the warning of FrameFactsOf(), which later calls then do not
// repeat.
void DropDamagedFrames(std::optional<Passport>* passport);

}  // namespace reel3d
