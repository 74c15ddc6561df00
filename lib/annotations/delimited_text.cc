// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/delimited_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "lib/base/error.h"
#include "lib/data/names.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace {

constexpr size_t kMaxRowBytes = size_t{1} << 20;
constexpr size_t kMaxFields = 1024;

std::string_view Trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const size_t end = text.find_last_not_of(" \t");
  return end == std::string_view::npos ? "" : text.substr(begin, end + 1 - begin);
}

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

// Returns the end of the first row of `text`, without its line feed. Line feeds in quotes do not
// end a row. The search ends beyond kMaxRowBytes, so that the caller refuses the row.
size_t EndOfRow(std::string_view text, bool quotes) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quotes && text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '\n' && !quoted) {
      return i;
    }
    if (i > kMaxRowBytes) {
      return i;
    }
  }
  return text.size();
}

}  // namespace

DelimitedText::DelimitedText(std::string_view text, std::string source, const DelimitedForm& form)
    : rest_(WithoutByteOrderMark(text)), source_(std::move(source)), form_(form) {
  RequireNotUtf16(text, source_);
  if (!form_.header) {
    return;
  }
  if (!ReadRow()) {
    throw InputError(source_ + ": is empty");
  }
  for (const std::string_view name : fields_) {
    columns_.emplace_back(Trimmed(name));
  }
}

bool DelimitedText::NextRow() {
  if (!ReadRow()) {
    return false;
  }
  if (form_.header && fields_.size() != columns_.size()) {
    Fail(fmt::format("has {} fields, but the header names {}", fields_.size(), columns_.size()));
  }
  return true;
}

bool DelimitedText::ReadRow() {
  for (;;) {
    if (rest_.empty()) {
      return false;
    }
    row_line_ = next_line_;
    const size_t end = EndOfRow(rest_, form_.quotes);
    std::string_view row = rest_.substr(0, end);
    CheckRow(row);
    next_line_ += 1 + std::count(row.begin(), row.end(), '\n');
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!row.empty() && row.back() == '\r') {
      row.remove_suffix(1);
    }
    if (Trimmed(row).empty()) {
      continue;
    }
    fields_.clear();
    unquoted_.clear();
    // Views in `fields_` refer to these strings, which must not move.
    unquoted_.reserve(form_.quotes ? std::min<size_t>(kMaxFields, row.size() / 2 + 1) : 0);
    SplitRow(row);
    return true;
  }
}

void DelimitedText::CheckRow(std::string_view row) const {
  if (row.size() > kMaxRowBytes) {
    Fail(fmt::format("is longer than {} bytes: this is no list of videos, or a quote is not closed",
                     kMaxRowBytes));
  }
  if (!IsUtf8(row)) {
    Fail("is not UTF-8: save the file as UTF-8");
  }
}

void DelimitedText::SplitRow(std::string_view row) {
  for (size_t begin = 0;;) {
    if (fields_.size() == kMaxFields) {
      Fail(fmt::format("has more than {} fields", kMaxFields));
    }
    if (form_.quotes && begin < row.size() && row[begin] == '"') {
      begin = TakeQuoted(row, begin + 1);
    } else {
      const size_t end = std::min(row.find(form_.delimiter, begin), row.size());
      const std::string_view field = row.substr(begin, end - begin);
      if (form_.quotes && field.find('"') != std::string_view::npos) {
        Fail("has a quote inside a field without quotes");
      }
      fields_.push_back(form_.trims ? Trimmed(field) : field);
      begin = end;
    }
    if (begin >= row.size()) {
      return;
    }
    ++begin;  // the delimiter
  }
}

size_t DelimitedText::TakeQuoted(std::string_view row, size_t begin) {
  std::string text;
  for (;;) {
    const size_t quote = row.find('"', begin);
    if (quote == std::string_view::npos) {
      Fail("has a quote that is not closed");
    }
    text += row.substr(begin, quote - begin);
    begin = quote + 1;
    if (begin == row.size() || row[begin] != '"') {
      break;
    }
    text += '"';
    ++begin;
  }
  if (begin < row.size() && row[begin] != form_.delimiter) {
    Fail("has text after a closing quote");
  }
  unquoted_.push_back(std::move(text));
  fields_.push_back(form_.trims ? Trimmed(unquoted_.back()) : unquoted_.back());
  return begin;
}

std::optional<size_t> DelimitedText::Column(const std::vector<std::string>& names) const {
  std::optional<size_t> found;
  for (size_t i = 0; i < columns_.size(); ++i) {
    for (const std::string& name : names) {
      if (!SameName(columns_[i], name)) {
        continue;
      }
      if (found) {
        throw InputError(fmt::format("{}: the header names both '{}' and '{}'", source_,
                                     Escaped(columns_[*found]), Escaped(columns_[i])));
      }
      found = i;
    }
  }
  return found;
}

size_t DelimitedText::RequireColumn(const std::vector<std::string>& names) const {
  const std::optional<size_t> column = Column(names);
  if (!column) {
    throw InputError(fmt::format("{}: the header has no column {}, but {}", source_,
                                 fmt::join(names, " or "), NameSome(columns_)));
  }
  return *column;
}

std::string_view DelimitedText::Field(const std::optional<size_t>& column) const {
  return column ? fields_[*column] : std::string_view();
}

double DelimitedText::Real(std::string_view text, const char* what, double low, double high) const {
  const std::string_view number = Trimmed(text);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size() || !(value >= low) ||
      !(value <= high)) {
    Fail(fmt::format("{} '{}' is not a number from {} to {}", what, Escaped(text.substr(0, 100)),
                     low, high));
  }
  return value;
}

int64_t DelimitedText::Integer(std::string_view text, const char* what, int64_t low,
                               int64_t high) const {
  const std::string_view number = Trimmed(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size() || value < low || value > high) {
    Fail(fmt::format("{} '{}' is not a whole number from {} to {}", what,
                     Escaped(text.substr(0, 100)), low, high));
  }
  return value;
}

void DelimitedText::Fail(const std::string& why) const { throw InputError(where() + ": " + why); }

std::string DelimitedText::where() const { return fmt::format("{}:{}", source_, row_line_); }

std::vector<std::string> ReadNameLines(std::string_view text, const std::string& source) {
  DelimitedText lines(text, source, {'\n', false, false, true});
  std::vector<std::string> names;
  while (lines.NextRow()) {
    names.emplace_back(lines.fields().front());
  }
  return names;
}

}  // namespace reel3d
