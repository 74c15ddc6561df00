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

// Returns how many bytes follow a lead byte, and the least code point that needs so many; -1: it is
// not a lead byte.
int FollowingBytes(unsigned char lead, uint32_t* least) {
  if (lead < 0x80) {
    *least = 0;
    return 0;
  }
  if (lead >= 0xC2 && lead <= 0xDF) {
    *least = 0x80;
    return 1;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    *least = 0x800;
    return 2;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    *least = 0x10000;
    return 3;
  }
  return -1;
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

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    uint32_t least = 0;
    const auto lead = static_cast<unsigned char>(text[i]);
    const int following = FollowingBytes(lead, &least);
    if (following < 0 || i + static_cast<size_t>(following) >= text.size()) {
      return false;
    }
    uint32_t code = following == 0 ? lead : lead & (0x3FU >> following);
    for (int k = 0; k < following; ++k) {
      const auto byte = static_cast<unsigned char>(text[++i]);
      if ((byte & 0xC0U) != 0x80U) {
        return false;
      }
      code = code << 6 | (byte & 0x3FU);
    }
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      return false;
    }
  }
  return true;
}

std::string FieldFault(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, such as a second line feed and what begins a terminal's commands, are two
    // bytes in UTF-8.
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte < 0x20 || byte == 0x7F || (byte == 0xC2 && next >= 0x80 && next <= 0x9F)) {
      return "holds a control character";
    }
  }
  return IsUtf8(text) ? "" : "is not UTF-8";
}

}  // namespace reel3d
