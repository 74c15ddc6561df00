// Reads JSON from files that others may have written. It limits the depth of nesting, and turns
// every exception of the JSON library into an input error.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>

namespace reel3d {

// Returns the one object that `text` holds, nested at most 16 deep. Throws an input error that
// names `source` if it holds anything else. Objects keep the order of their members, which takes
// time by the square of their number: one of 100,000 members takes some 25 s, and more are refused.
nlohmann::ordered_json ParseJsonObject(const std::string& text, const std::string& source);

// Returns the object that the file holds. Throws as ParseJsonObject() and ReadFile() do.
nlohmann::ordered_json ReadJsonObject(const std::filesystem::path& file,
                                      uint64_t max_bytes = uint64_t{1} << 26);

// Returns the object of a file that may have a member for each video of a large set. Members are in
// the order of their names.
nlohmann::json ReadLargeJsonObject(const std::filesystem::path& file, uint64_t max_bytes);

// Returns the JSON as text, indented by 2 spaces. Bytes that are not UTF-8, as in some paths, are
// replaced.
std::string FormatJson(const nlohmann::ordered_json& json);

// Runs `use`, which reads values from JSON. If a value is absent or has the wrong type, throws an
// input error that begins with `source` and says what is wrong.
void UseJson(const std::string& source, const std::function<void()>& use);

// Returns whether `json` is a whole number that `Integer` can hold.
template <class Integer>
bool IsWithin(const nlohmann::ordered_json& json) {
  if (!json.is_number_integer()) {
    return false;
  }
  const bool is_negative = !json.is_number_unsigned() && json.get<int64_t>() < 0;
  return is_negative
             ? std::is_signed_v<Integer> &&
                   json.get<int64_t>() >= static_cast<int64_t>(std::numeric_limits<Integer>::min())
             : json.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<Integer>::max());
}

// Returns the member `name` of an object. Throws an input error that names `source` unless it is a
// whole number from `least` to `most`.
int64_t IntegerAt(const nlohmann::ordered_json& json, const char* name, int64_t least, int64_t most,
                  const std::string& source);

// Returns the member `name` of an object; `otherwise` if it is absent, has another type, or is a
// number that `Value` cannot hold.
template <class Value>
Value MemberOr(const nlohmann::ordered_json& json, const char* name, Value otherwise) {
  if constexpr (std::is_integral_v<Value> && !std::is_same_v<Value, bool>) {
    const auto member = json.find(name);
    if (member != json.end() && !IsWithin<Value>(*member)) {
      return otherwise;
    }
  }
  try {
    return json.value(name, otherwise);
  } catch (const nlohmann::ordered_json::exception&) {
    return otherwise;
  }
}

}  // namespace reel3d
