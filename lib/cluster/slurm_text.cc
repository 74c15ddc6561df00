// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/slurm_text.h"

#include <charconv>
#include <sstream>

namespace reel3d {
namespace {

// Slurm's numbers have 32 bits; 4294967294 is its word for "no limit".
constexpr int64_t kMostNumber = 4'294'967'290;

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  const size_t last = text.find_last_not_of(" \t\r");
  return first == std::string_view::npos ? "" : text.substr(first, last - first + 1);
}

}  // namespace

std::string ValueInLines(const std::string& text, std::string_view key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t equals = line.find('=');
    if (equals != std::string::npos && Trimmed(line.substr(0, equals)) == key) {
      return std::string(Trimmed(std::string_view(line).substr(equals + 1)));
    }
  }
  return "";
}

std::string ValueInPairs(const std::string& text, const std::string& key) {
  std::istringstream pairs(text);
  for (std::string pair; pairs >> pair;) {
    if (pair.rfind(key + "=", 0) == 0) {
      return pair.substr(key.size() + 1);
    }
  }
  return "";
}

std::optional<int64_t> NumberIn(const std::string& text) {
  int64_t number = -1;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  const bool is_word = read.ptr == end || *read.ptr == ' ' || *read.ptr == '\n';
  return read.ec == std::errc() && is_word && number >= 0 && number <= kMostNumber
             ? std::optional(number)
             : std::nullopt;
}

std::optional<int64_t> MostArrayTasks(const std::string& config) {
  std::optional<int64_t> most = NumberIn(ValueInLines(config, "MaxArraySize"));
  std::string parameters = ValueInLines(config, "SchedulerParameters");
  for (char& letter : parameters) {
    letter = letter == ',' ? ' ' : letter;
  }
  const std::optional<int64_t> fewer = NumberIn(ValueInPairs(parameters, "max_array_tasks"));
  return most && fewer && *fewer < *most ? fewer : most;
}

}  // namespace reel3d
