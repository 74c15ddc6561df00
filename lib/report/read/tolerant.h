// Reads files of which some lines may be damaged, such as the last line of a run that was killed.
// Bad lines are skipped, and a sentence reports their number. A sentence also reports a file that
// cannot be read. Faults of the machine are thrown.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reel3d::report {

// Calls `read`. If it throws an input error, adds the error's message to `missing`.
void Tolerate(std::vector<std::string>* missing, const std::function<void()>& read);

// Throws an input error if a table has no first line: the stages write one even if nothing follows.
void RequireHeader(bool has_line, const std::filesystem::path& file);

// Returns the objects of a file with one JSON object a line.
std::vector<nlohmann::ordered_json> ReadJsonLines(const std::filesystem::path& file,
                                                  std::vector<std::string>* missing);

// A row of a table, by the names of its columns.
class LooseRow {
 public:
  LooseRow(const std::map<std::string, size_t, std::less<>>* columns,
           const std::vector<std::string_view>* fields)
      : columns_(columns), fields_(fields) {}
  // Returns "" for a column that the table lacks.
  std::string_view Text(std::string_view column) const;
  std::optional<double> Number(std::string_view column) const;

 private:
  const std::map<std::string, size_t, std::less<>>* columns_;
  const std::vector<std::string_view>* fields_;
};

// Calls `use` for each row with as many fields as the header. A row that `use` returns false for
// counts as damaged.
void ReadLooseTable(const std::filesystem::path& file, std::vector<std::string>* missing,
                    const std::function<bool(const LooseRow&)>& use);

// Returns the fields of a line.
std::vector<std::string_view> SplitAtTabs(std::string_view line);

// Returns the whole text as a finite number; none if it is something else.
std::optional<double> ParseNumber(std::string_view text);

// Collects damaged lines of a file for one sentence.
class DamagedLines {
 public:
  void Add(int line);
  // Adds the sentence, if there was a damaged line.
  void Say(const std::filesystem::path& file, std::vector<std::string>* missing) const;

 private:
  int count_ = 0, first_ = 0;
};

}  // namespace reel3d::report
