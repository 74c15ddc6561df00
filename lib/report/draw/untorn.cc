// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/untorn.h"

#include <algorithm>
#include <vector>

namespace reel3d::report {
namespace {

constexpr const char* kNoBreakSpace = "\xC2\xA0";

std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  size_t begin = 0;
  for (size_t end = text.find(' '); end != std::string_view::npos; end = text.find(' ', begin)) {
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  words.push_back(text.substr(begin));
  return words;
}

bool IsDigit(char character) { return character >= '0' && character <= '9'; }

bool EndsNumber(std::string_view word) { return !word.empty() && IsDigit(word.back()); }

bool BeginsNumber(std::string_view word) {
  const size_t sign = !word.empty() && (word[0] == '-' || word[0] == '+') ? 1 : 0;
  return word.size() > sign && IsDigit(word[sign]);
}

// Returns whether the word is a unit, perhaps with a comma or the like behind it.
bool IsUnit(std::string_view word) {
  constexpr std::string_view kUnits[] = {"%",    "s",     "ms",     "min",    "h",  "day",
                                         "days", "point", "points", "fps",    "kB", "MB",
                                         "GB",   "TB",    "pixels", "clips/s"};
  const std::string_view plain = word.substr(0, word.find_last_not_of(".,;:)") + 1);
  return std::find(std::begin(kUnits), std::end(kUnits), plain) != std::end(kUnits);
}

// Returns whether the space behind this word must not end a line.
bool MustStay(const std::vector<std::string_view>& words, size_t index) {
  const auto at = [&](size_t place) {
    return place < words.size() ? words[place] : std::string_view();
  };
  const std::string_view word = words[index];
  const std::string_view before = index > 0 ? words[index - 1] : std::string_view();
  const std::string_view next = at(index + 1);
  const auto joins = [](std::string_view middle) { return middle == "to" || middle == "x"; };
  if (EndsNumber(word)) {
    return IsUnit(next) || (joins(next) && BeginsNumber(at(index + 2)));
  }
  if (!BeginsNumber(next)) {
    return false;
  }
  const bool is_longer_unit = word == "days" || word == "h" || word == "min";
  return word == "<" || (EndsNumber(before) && (joins(word) || is_longer_unit));
}

}  // namespace

std::string Untorn(std::string_view text) {
  const std::vector<std::string_view> words = WordsOf(text);
  std::string untorn;
  for (size_t index = 0; index < words.size(); ++index) {
    untorn += words[index];
    if (index + 1 < words.size()) {
      untorn += MustStay(words, index) ? kNoBreakSpace : " ";
    }
  }
  return untorn;
}

}  // namespace reel3d::report
