// SPDX-License-Identifier: Apache-2.0
#include "python/src/keyword_binder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "lib/base/error.h"

namespace nb = nanobind;

namespace reel3d::python {
namespace {

std::string KeywordOf(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

template <class T, class Range>
void RequireInRange(const char* name, T value, Range range) {
  if (!(value >= range.low && value <= range.high)) {
    throw UsageError(
        fmt::format("{}={} is not in {} .. {}", KeywordOf(name), value, range.low, range.high));
  }
}

}  // namespace

// Returns true if the call gives a value, and stores it in `value`.
template <class T>
bool KeywordBinder::Take(const char* name, T* value, const char* type, const std::string& help) {
  names_.push_back(KeywordOf(name));
  help_ += fmt::format("{} ({}): {}\n", names_.back(), nb::repr(nb::cast(*value)).c_str(), help);
  const nb::str key(names_.back().c_str());
  if (!values_.contains(key)) {
    return false;
  }
  const nb::object given = values_[key];
  if (!nb::try_cast(given, *value)) {
    throw UsageError(fmt::format("{}={} is not {}", names_.back(), nb::repr(given).c_str(), type));
  }
  return true;
}

void KeywordBinder::RequireAllUsed() const {
  for (const auto& [key, value] : values_) {
    const auto name = nb::cast<std::string>(key);
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
      throw UsageError(
          fmt::format("there is no keyword {}; there are {}", name, fmt::join(names_, ", ")));
    }
  }
}

void KeywordBinder::Positional(const char* name, std::string* value, const char* help) {
  Take(name, value, "text", help);
}

void KeywordBinder::Positional(const char* name, std::vector<std::string>* values,
                               const char* help) {
  Take(name, values, "a list of texts", help);
}

void KeywordBinder::Bind(const char* name, bool* value, const char* help, Effect /*effect*/) {
  Take(name, value, "True or False", help);
}

void KeywordBinder::Bind(const char* name, int64_t* value, IntRange range, const char* help,
                         Effect /*effect*/) {
  Take(name, value, "a whole number", help);
  RequireInRange(name, *value, range);
}

void KeywordBinder::Bind(const char* name, int* value, IntRange range, const char* help,
                         Effect /*effect*/) {
  int64_t wide = *value;
  Take(name, &wide, "a whole number", help);
  RequireInRange(name, wide, range);
  *value = static_cast<int>(wide);
}

void KeywordBinder::Bind(const char* name, double* value, RealRange range, const char* help,
                         Effect /*effect*/) {
  Take(name, value, "a number", help);
  RequireInRange(name, *value, range);
}

void KeywordBinder::Bind(const char* name, std::string* value, const char* help,
                         Effect /*effect*/) {
  Take(name, value, "text", help);
}

void KeywordBinder::Bind(const char* name, std::vector<double>* values, const char* help,
                         Effect /*effect*/) {
  Take(name, values, "a list of numbers", help);
}

void KeywordBinder::Bind(const char* name, std::vector<std::string>* values, const char* help,
                         Effect /*effect*/) {
  Take(name, values, "a list of texts", help);
}

void KeywordBinder::Recipe(const char* name, std::string* value, const char* help) {
  Take(name, value, "text", help);
}

void KeywordBinder::BindChoice(const char* name, ChosenName chosen, const std::string& help,
                               Effect /*effect*/) {
  std::string word = chosen.show();
  if (!Take(name, &word, "text", help)) {
    return;
  }
  const auto found = std::find(chosen.names.begin(), chosen.names.end(), word);
  if (found == chosen.names.end()) {
    throw UsageError(
        fmt::format("{}='{}' is none of {}", KeywordOf(name), word, fmt::join(chosen.names, ", ")));
  }
  chosen.set(static_cast<size_t>(found - chosen.names.begin()));
}

}  // namespace reel3d::python
