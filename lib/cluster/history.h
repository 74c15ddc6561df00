// Keeps the figures of earlier checks of a cluster in a file, and compares new ones with them. The
// file holds a JSON object a line: {"ranks": 4, "hosts": 2, "figures": {"all_reduce_gb_per_s": 9}}.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace reel3d {

struct FigureRecord {
  int ranks = 0;
  int hosts = 0;
  std::map<std::string, double> figures;
};

// Returns the records; none if there is no file. If a line is not such an object, throws an input
// error that names the line. An unfinished last line, as a killed run leaves it, is ignored.
std::vector<FigureRecord> ReadHistory(const std::filesystem::path& file);

// Appends a record. Throws an environment error if it cannot be written.
void AppendToHistory(const std::filesystem::path& file, const FigureRecord& record);

// Compares the figure `name`, where more is better, with the last 30 records that have the same
// numbers of ranks and hosts. Returns a text if it is below half of the lowest of them. Returns ""
// otherwise, and if there are fewer than five.
std::string CompareWithHistory(const std::vector<FigureRecord>& history, const FigureRecord& record,
                               const std::string& name);

}  // namespace reel3d
