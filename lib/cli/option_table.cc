// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "lib/base/error.h"

namespace reel3d {
namespace {

template <class Number>
Number ParseNumber(const std::string& text, const char* kind) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) {
    throw UsageError(fmt::format("'{}' is not {}", text, kind));
  }
  return value;
}

int64_t ParseInteger(const std::string& text, IntRange range) {
  const auto value = ParseNumber<int64_t>(text, "a whole number");
  if (value < range.low || value > range.high) {
    throw UsageError(fmt::format("{} is not in {} .. {}", text, range.low, range.high));
  }
  return value;
}

double ParseReal(const std::string& text, RealRange range) {
  const auto value = ParseNumber<double>(text, "a number");
  if (!(value >= range.low && value <= range.high)) {
    throw UsageError(fmt::format("{} is not in {} .. {}", text, range.low, range.high));
  }
  return value;
}

bool ParseBool(const std::string& text) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") {
    return true;
  }
  if (text == "false" || text == "0" || text == "no" || text == "off") {
    return false;
  }
  throw UsageError("'" + text + "' is neither true nor false");
}

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const size_t first = std::min(text.find_first_not_of(' ', begin), end);
    const size_t last = text.find_last_not_of(' ', end == 0 ? 0 : end - 1);
    if (first == end) {
      throw UsageError("'" + text + "' has an empty element");
    }
    parts.push_back(text.substr(first, last + 1 - first));
    begin = end + 1;
  }
  return parts;
}

std::string ShowBound(double bound) {
  return std::abs(bound) == std::numeric_limits<double>::max() ? "any" : fmt::format("{}", bound);
}

size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (const char letter : a) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replace = diagonal + (letter == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replace, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string Nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

OptionEntry& OptionTable::Add(const char* name, const std::string& help, Effect effect) {
  REEL3D_CHECK(Find(name) == nullptr);
  OptionEntry entry;
  entry.name = name;
  entry.help = help;
  entry.effect = effect;
  options_.push_back(std::move(entry));
  return options_.back();
}

void OptionTable::Positional(const char* name, std::string* value, const char* help) {
  positionals_.push_back({name, help, value, nullptr});
}

void OptionTable::Positional(const char* name, std::vector<std::string>* values, const char* help) {
  positionals_.push_back({name, help, nullptr, values});
}

void OptionTable::Bind(const char* name, bool* value, const char* help, Effect effect) {
  OptionEntry& entry = Add(name, help, effect);
  entry.is_switch = true;
  entry.set = [value](const std::string& text) { *value = ParseBool(text); };
  entry.show = [value] { return *value ? "true" : "false"; };
}

void OptionTable::Bind(const char* name, int64_t* value, IntRange range, const char* help,
                       Effect effect) {
  OptionEntry& entry = Add(name, help, effect);
  entry.accepts = fmt::format("{} .. {}", range.low, range.high);
  entry.set = [value, range](const std::string& text) { *value = ParseInteger(text, range); };
  entry.show = [value] { return fmt::format("{}", *value); };
}

void OptionTable::Bind(const char* name, int* value, IntRange range, const char* help,
                       Effect effect) {
  OptionEntry& entry = Add(name, help, effect);
  entry.accepts = fmt::format("{} .. {}", range.low, range.high);
  entry.set = [value, range](const std::string& text) {
    *value = static_cast<int>(ParseInteger(text, range));
  };
  entry.show = [value] { return fmt::format("{}", *value); };
}

void OptionTable::Bind(const char* name, double* value, RealRange range, const char* help,
                       Effect effect) {
  OptionEntry& entry = Add(name, help, effect);
  entry.accepts = fmt::format("{} .. {}", ShowBound(range.low), ShowBound(range.high));
  entry.set = [value, range](const std::string& text) { *value = ParseReal(text, range); };
  entry.show = [value] { return fmt::format("{}", *value); };
}

void OptionTable::Bind(const char* name, std::string* value, const char* help, Effect effect) {
  OptionEntry& entry = Add(name, help, effect);
  entry.set = [value](const std::string& text) { *value = text; };
  entry.show = [value] { return *value; };
}

void OptionTable::Bind(const char* name, std::vector<double>* values, const char* help,
                       Effect effect) {
  OptionEntry& entry = Add(name, help, effect);
  entry.accepts = "numbers, comma separated";
  entry.set = [values](const std::string& text) {
    std::vector<double> parsed;
    for (const std::string& part : SplitList(text)) {
      parsed.push_back(ParseNumber<double>(part, "a number"));
    }
    *values = std::move(parsed);
  };
  entry.show = [values] { return fmt::format("{}", fmt::join(*values, ",")); };
}

void OptionTable::Bind(const char* name, std::vector<std::string>* values, const char* help,
                       Effect effect) {
  OptionEntry& entry = Add(name, help, effect);
  entry.accepts = "comma separated";
  entry.set = [values](const std::string& text) { *values = SplitList(text); };
  entry.show = [values] { return fmt::format("{}", fmt::join(*values, ",")); };
}

void OptionTable::BindChoice(const char* name, ChosenName chosen, const std::string& help,
                             Effect effect) {
  OptionEntry& entry = Add(name, help, effect);
  entry.accepts = fmt::format("{}", fmt::join(chosen.names, " | "));
  entry.set = [names = std::move(chosen.names), set = std::move(chosen.set)](const auto& text) {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) {
      throw UsageError(fmt::format("'{}' is none of {}", text, fmt::join(names, ", ")));
    }
    set(static_cast<size_t>(found - names.begin()));
  };
  entry.show = std::move(chosen.show);
}

void OptionTable::Recipe(const char* name, std::string* value, const char* help) {
  Bind(name, value, help, Effect::kRunOnly);
  options_.back().is_recipe = true;
}

void OptionTable::KeepToCommandLine(const std::string& name) {
  const auto entry = std::find_if(options_.begin(), options_.end(),
                                  [&](const OptionEntry& option) { return option.name == name; });
  REEL3D_CHECK(entry != options_.end());
  entry->is_for_command_line = true;
}

const OptionEntry* OptionTable::Find(const std::string& name) const {
  const auto found = std::find_if(options_.begin(), options_.end(),
                                  [&](const OptionEntry& entry) { return entry.name == name; });
  return found == options_.end() ? nullptr : &*found;
}

std::string OptionTable::NearestName(const std::string& name) const {
  std::vector<std::string> names;
  for (const OptionEntry& known : options_) {
    names.push_back(known.name);
  }
  return Nearest(name, names);
}

void OptionTable::Set(const std::string& where, const std::string& name,
                      const std::string& text) const {
  const OptionEntry* entry = Find(name);
  if (entry == nullptr) {
    const std::string nearest = NearestName(name);
    throw UsageError(fmt::format("{}{}: no such option{}", where, name,
                                 nearest.empty() ? "" : "; did you mean " + nearest + "?"));
  }
  try {
    entry->set(text);
  } catch (const Error& error) {
    throw UsageError(fmt::format("{}{}: {}", where, name, error.what()));
  }
}

void OptionTable::SetPositionals(const std::vector<std::string>& words, bool are_command) const {
  if (words.size() < positionals_.size()) {
    const PositionalEntry& missing = positionals_[words.size()];
    throw UsageError(fmt::format("{} is missing: {}", missing.name, missing.help));
  }
  const auto paths_end = are_command ? words.begin() + 1 : words.end();
  if (std::find(words.begin(), paths_end, "") != paths_end) {
    throw UsageError("an argument is empty: give a path or a name");
  }
  size_t next = 0;
  for (size_t i = 0; i < positionals_.size(); ++i) {
    const PositionalEntry& entry = positionals_[i];
    if (entry.value != nullptr) {
      *entry.value = words[next++];
      continue;
    }
    const size_t end = words.size() - (positionals_.size() - i - 1);
    entry.values->assign(words.begin() + static_cast<std::ptrdiff_t>(next),
                         words.begin() + static_cast<std::ptrdiff_t>(end));
    next = end;
  }
  if (next < words.size()) {
    throw UsageError("unexpected argument: " + words[next]);
  }
}

}  // namespace reel3d
