// A doubt is a property of a data set that is not an error and stops no stage, but makes figures
// mean less than they seem to. Each stage reports the doubts that it can see. A later stage
// compares kind and classes, and does not report the same doubt again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace reel3d {

enum class DoubtKind {
  kOneClass,        // all videos are of one class
  kNeverTrained,    // every video of these classes is held out
  kNeverJudged,     // no video of these classes is held out
  kCopies,          // training videos are held out under another name
  kUnlikeTraining,  // scored data differ from those that the network learned from
  kUnreadable,      // a file that holds doubts cannot be read
  kOther,           // a kind that this version does not know
};

struct Doubt {
  DoubtKind kind = DoubtKind::kOther;
  std::vector<std::string> classes;  // all of them; `text` may name only the first few
  std::string text;                  // one line, a sentence without full stop
};

// Returns the texts, in order.
std::vector<std::string> TextsOf(const std::vector<Doubt>& doubts);

// Returns an array of {"kind", "classes", "text"}, as report.json keeps doubts between stages.
nlohmann::ordered_json DoubtsToJson(const std::vector<Doubt>& doubts);

// Reads such an array. An element that is only a text is taken as kOther, as is a kind that this
// version does not know. Throws the JSON library's exceptions for anything else: see UseJson().
std::vector<Doubt> DoubtsFromJson(const nlohmann::ordered_json& json);

}  // namespace reel3d
