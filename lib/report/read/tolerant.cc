// SPDX-License-Identifier: Apache-2.0
#include "lib/report/read/tolerant.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text_lines.h"

namespace reel3d::report {

void Tolerate(std::vector<std::string>* missing, const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    missing->emplace_back(error.what());
  }
}

void RequireHeader(bool has_line, const std::filesystem::path& file) {
  if (!has_line) {
    throw InputError(fmt::format("{} is empty", file.string()));
  }
}

std::vector<nlohmann::ordered_json> ReadJsonLines(const std::filesystem::path& file,
                                                  std::vector<std::string>* missing) {
  std::vector<nlohmann::ordered_json> objects;
  Tolerate(missing, [&] {
    const std::string text = ReadFile(file);
    TextLines lines(text, file.string());
    RequireHeader(!text.empty(), file);
    DamagedLines damaged;
    for (std::string_view line; lines.Next(&line);) {
      if (line.empty()) {
        continue;
      }
      try {
        objects.push_back(ParseJsonObject(std::string(line), file.string()));
      } catch (const Error&) {
        damaged.Add(lines.number());
      }
    }
    damaged.Say(file, missing);
  });
  return objects;
}

std::string_view LooseRow::Text(std::string_view column) const {
  const auto found = columns_->find(column);
  return found == columns_->end() ? std::string_view() : (*fields_)[found->second];
}

std::optional<double> LooseRow::Number(std::string_view column) const {
  return ParseNumber(Text(column));
}

void ReadLooseTable(const std::filesystem::path& file, std::vector<std::string>* missing,
                    const std::function<bool(const LooseRow&)>& use) {
  Tolerate(missing, [&] {
    const std::string text = ReadFile(file);
    TextLines lines(text, file.string());
    std::string_view line;
    RequireHeader(lines.Next(&line), file);
    std::map<std::string, size_t, std::less<>> columns;
    for (const std::string_view name : SplitAtTabs(line)) {
      columns.emplace(name, columns.size());
    }
    DamagedLines damaged;
    while (lines.Next(&line)) {
      const std::vector<std::string_view> fields = SplitAtTabs(line);
      if (fields.size() != columns.size() || !use(LooseRow(&columns, &fields))) {
        damaged.Add(lines.number());
      }
    }
    damaged.Say(file, missing);
  });
}

std::vector<std::string_view> SplitAtTabs(std::string_view line) {
  std::vector<std::string_view> fields;
  for (size_t begin = 0;;) {
    const size_t end = line.find('\t', begin);
    fields.push_back(line.substr(begin, end - begin));
    if (end == std::string_view::npos) {
      return fields;
    }
    begin = end + 1;
  }
}

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

void DamagedLines::Add(int line) {
  if (count_++ == 0) {
    first_ = line;
  }
}

void DamagedLines::Say(const std::filesystem::path& file, std::vector<std::string>* missing) const {
  if (count_ > 0) {
    missing->push_back(
        fmt::format("{}:{}: {} damaged and not shown", file.string(), first_,
                    count_ == 1 ? "this line is" : fmt::format("{} lines from here are", count_)));
  }
}

}  // namespace reel3d::report
