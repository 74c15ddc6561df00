// Reads files of a run that other processes are writing at the same time: they may be absent, cut
// short, huge, or on a file system that fails. Nothing here throws for these reasons, locks a file
// or changes one. The reading costs do not grow with a file's age.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace reel3d {

// A clock like SecondsSince1970(), which a test may replace.
using Clock = std::function<double()>;

// Returns the time of the last change of a file or folder, in seconds since 1970; nothing if it is
// absent or cannot be looked at.
std::optional<double> ChangedAt(const std::filesystem::path& path);

// Returns the content of a regular file, or "" if it is absent, not regular or above `max_bytes`.
std::string ReadIfThere(const std::filesystem::path& file, size_t max_bytes = size_t{1} << 20);
// Returns the first `max_bytes` of a regular file, or all of a shorter one.
std::string ReadHead(const std::filesystem::path& file, size_t max_bytes);
// Returns the object that such a file holds; an empty object if it holds none.
nlohmann::ordered_json ReadJsonIfThere(const std::filesystem::path& file,
                                       size_t max_bytes = size_t{1} << 22);

// Returns the complete lines in the last `max_bytes` of a regular file. A line that is cut at
// either end is left out.
std::string ReadTail(const std::filesystem::path& file, size_t max_bytes);
// Returns the last `count` complete lines that are JSON objects, oldest first. If the lines are
// long, it reads at most 16 MiB.
std::vector<nlohmann::ordered_json> LastJsonLines(const std::filesystem::path& file, size_t count);

// Returns the value of `key = value` in a text such as config.ini; "" if there is none.
std::string SettingIn(const std::string& config, const std::string& key);

// Returns the whole number that `key` has there; nothing if it has none from `low` to `high`.
std::optional<int64_t> IntegerWithin(const std::string& config, const std::string& key, int64_t low,
                                     int64_t high);
// Returns the number that `key` has in an object; nothing if it has none from `low` to `high`.
std::optional<double> NumberWithin(const nlohmann::ordered_json& json, const char* key, double low,
                                   double high);

// Counts the rows of a table, and remembers the numbers until the file changes.
class RowCounter {
 public:
  // Returns the number of lines below the header; with `column`, only of those with `value` in this
  // column, which must stand in the first 64 KiB of the line. Nothing if the file cannot be read.
  std::optional<int64_t> Count(const std::filesystem::path& table, const std::string& column = "",
                               const std::string& value = "");

 private:
  struct Counted {
    double changed_s = 0;
    int64_t num_rows = 0;
  };
  std::map<std::string, Counted> counted_;  // by file, column and value
};

}  // namespace reel3d
