// SPDX-License-Identifier: Apache-2.0
#include "lib/data/tsv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

// Sets `fields` to the fields of a line. There should be `count`; at most one more is returned.
void Split(std::string_view line, size_t count, std::vector<std::string_view>* fields) {
  fields->clear();
  for (size_t begin = 0;;) {
    const size_t end = line.find('\t', begin);
    fields->push_back(line.substr(begin, end - begin));
    if (end == std::string_view::npos || fields->size() > count) {
      return;
    }
    begin = end + 1;
  }
}

}  // namespace

TsvReader::TsvReader(std::filesystem::path file, std::vector<std::string> columns,
                     uint64_t max_bytes)
    : file_(std::move(file)),
      columns_(std::move(columns)),
      text_(ReadFile(file_, max_bytes)),
      lines_(text_, file_.string()) {
  std::string_view header;
  lines_.Next(&header);
  Split(header, columns_.size(), &fields_);
  if (!std::equal(fields_.begin(), fields_.end(), columns_.begin(), columns_.end())) {
    Fail(fmt::format("the header is '{}' but must be the tab separated names '{}'",
                     Escaped(header.substr(0, 200)), fmt::join(columns_, " ")));
  }
}

bool TsvReader::NextRow() {
  std::string_view line;
  if (!lines_.Next(&line)) {
    return false;
  }
  Split(line, columns_.size(), &fields_);
  if (fields_.size() != columns_.size()) {
    Fail(fmt::format("has {}{} fields instead of {}",
                     fields_.size() > columns_.size() ? "at least " : "", fields_.size(),
                     columns_.size()));
  }
  for (size_t column = 0; column < fields_.size(); ++column) {
    if (const std::string fault = FieldFault(fields_[column]); !fault.empty()) {
      Fail(column, fault);
    }
  }
  return true;
}

int64_t TsvReader::Integer(size_t column, int64_t low, int64_t high) const {
  const std::string_view text = fields_[column];
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    Fail(column, fmt::format("'{}' is not a whole number from {} to {}", text, low, high));
  }
  return value;
}

double TsvReader::Real(size_t column, double low, double high) const {
  const std::string_view text = fields_[column];
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= low) ||
      !(value <= high)) {
    Fail(column, fmt::format("'{}' is not a number from {} to {}", text, low, high));
  }
  return value;
}

void TsvReader::Fail(const std::string& why) const {
  throw InputError(fmt::format("{}:{}: {}", file_.string(), line(), why));
}

void TsvReader::Fail(size_t column, const std::string& why) const {
  Fail(fmt::format("column {}: {}", columns_[column], why));
}

std::string FieldFault(std::string_view text) {
  const bool has_control = std::any_of(
      text.begin(), text.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; });
  return has_control ? "holds a control character" : IsUtf8(text) ? "" : "is not UTF-8";
}

std::string NewFieldFault(std::string_view text) {
  std::string fault = FieldFault(text);
  uint32_t code = 0;
  for (std::string_view rest = fault.empty() ? text : ""; !rest.empty();) {
    rest.remove_prefix(DecodeUtf8(rest, &code));
    if (code >= 0x80 && code <= 0x9F) {
      return "holds a control character";
    }
  }
  return fault;
}

}  // namespace reel3d
