// JSON from files that others may have written: read whole, no deeper than our own, and no
// exception of the JSON library gets out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

// Returns the one object that `text` holds, nested at most 16 deep. Throws an input error that
// names `source` if it holds anything else.
nlohmann::ordered_json ParseJsonObject(const std::string& text, const std::string& source);

// Returns the object that the file holds. Throws as ParseJsonObject() and ReadFile() do.
nlohmann::ordered_json ReadJsonObject(const std::filesystem::path& file,
                                      uint64_t max_bytes = uint64_t{1} << 26);

// Indented by 2; bytes that are no UTF-8, such as in paths, are replaced instead of refused.
std::string FormatJson(const nlohmann::ordered_json& json);

// Runs `use`, which takes values out of JSON: one that is absent or of another type becomes an
// input error that begins with `source` and says what was found and what was expected.
void UseJson(const std::string& source, const std::function<void()>& use);

}  // namespace reel3d
