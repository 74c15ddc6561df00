// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/history.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/appended_file.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text_lines.h"

namespace reel3d {

std::vector<FigureRecord> ReadHistory(const std::filesystem::path& file) {
  std::vector<FigureRecord> history;
  if (!std::filesystem::exists(file)) {
    return history;
  }
  const std::string text = ReadFile(file);
  const std::string complete = text.substr(0, text.rfind('\n') + 1);
  TextLines lines(complete, file.string());
  for (std::string_view line; lines.Next(&line);) {
    if (line.empty()) {
      continue;
    }
    const std::string source = fmt::format("{}:{}", file.string(), lines.number());
    const nlohmann::ordered_json json = ParseJsonObject(std::string(line), source);
    UseJson(source, [&] {
      history.push_back({json.at("ranks"), json.at("hosts"), json.at("figures")});
    });
  }
  return history;
}

void AppendToHistory(const std::filesystem::path& file, const FigureRecord& record) {
  const nlohmann::ordered_json json = {
      {"ranks", record.ranks}, {"hosts", record.hosts}, {"figures", record.figures}};
  // A run that was killed may have left a line without its end.
  const bool is_torn = [&] {
    const std::string text = std::filesystem::exists(file) ? ReadFile(file) : "";
    return !text.empty() && text.back() != '\n';
  }();
  if (is_torn) {
    const std::string text = ReadFile(file);
    WriteFileAtomically(file, text.substr(0, text.rfind('\n') + 1));
  }
  AppendedFile appended(file);
  appended.Append(json.dump() + "\n");
  appended.Flush();
}

std::string CompareWithHistory(const std::vector<FigureRecord>& history, const FigureRecord& record,
                               const std::string& name) {
  constexpr size_t kLeastRecords = 5;
  constexpr size_t kMostRecords = 30;
  constexpr double kFarBelow = 0.5;
  std::vector<double> earlier;
  for (const FigureRecord& old : history) {
    const auto figure = old.figures.find(name);
    if (old.ranks == record.ranks && old.hosts == record.hosts && figure != old.figures.end()) {
      earlier.push_back(figure->second);
    }
  }
  if (earlier.size() < kLeastRecords) {
    return "";
  }
  if (earlier.size() > kMostRecords) {
    earlier.erase(earlier.begin(), earlier.end() - kMostRecords);
  }
  std::sort(earlier.begin(), earlier.end());
  const double median = earlier[earlier.size() / 2];
  const double now = record.figures.at(name);
  // The lowest one shows how much the figure varies on this cluster without a fault.
  if (now >= kFarBelow * earlier.front()) {
    return "";
  }
  return fmt::format("{} is {:.3g}; in {} earlier runs the median was {:.3g} and the lowest {:.3g}",
                     name, now, earlier.size(), median, earlier.front());
}

}  // namespace reel3d
