// Reads all annotation files in JSON, one record after the other, so that a file of a million
// records is never in memory as a tree.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace reel3d {

using AnnotationJson = nlohmann::json;

// A value that stands `depth` levels below the top of a file.
struct JsonRecord {
  std::string group;   // with depth 2: the key of the top object's member that contains the record
  std::string key;     // its own key; "" in a list
  int64_t number = 0;  // from 1 within its group
  AnnotationJson value;
};

// Calls `use` for each value at depth 1 (members of the top value) or 2 (their members), in order.
// Throws an input error that begins with `source` if the text is not JSON or is nested more than 16
// deep. If `use` throws the JSON library's error (a value is absent or of another type), throws an
// input error that begins with `source` and names the record.
void ForEachJsonRecord(std::string_view text, const std::string& source, int depth,
                       const std::function<void(JsonRecord&)>& use);

}  // namespace reel3d
