// The one reader of annotation files in JSON: hands out one record after the other, so that a file
// of a million records is never held as a tree.
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
  std::string group;   // with depth 2: the key of the top object's member that holds it
  std::string key;     // its own key; "" in a list
  int64_t number = 0;  // from 1 within its group
  AnnotationJson value;
};

// Calls `use` for each value at depth 1 (members of the top value) or 2 (their members), in order.
// Throws an input error that begins with `source`: where the text is not JSON, where it is nested
// more than 16 deep, and where `use` meets a value that is absent or of another type; that one
// names the record.
void ForEachJsonRecord(std::string_view text, const std::string& source, int depth,
                       const std::function<void(JsonRecord&)>& use);

}  // namespace reel3d
