// The one reader of annotation files whose lines have fields: csv as RFC 4180 describes it, with
// another delimiter where a format has one. UTF-8, with or without a byte order mark, LF or CRLF.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/text_lines.h"

namespace reel3d {

struct DelimitedForm {
  char delimiter = ',';
  bool header = true;  // the first row names the columns
  bool quotes = true;  // "a,b" is one field, and "" in it is a quote
  bool trims = false;  // blanks around a field are no part of it
};

// Walks over the rows of a text. Empty lines are passed over. All errors are input errors that
// begin with "source:line: ". A row of more than 1 MiB is refused when so much of it was read.
class DelimitedText {
 public:
  // `text` must outlive the reader.
  DelimitedText(std::string_view text, std::string source, const DelimitedForm& form);

  // Returns false after the last row. Throws if a row has more or fewer fields than the header.
  bool NextRow();
  // Returns the line in which the current row begins, from 1.
  int64_t line() const { return row_line_; }

  // Views stay valid until the next call of NextRow().
  const std::vector<std::string_view>& fields() const { return fields_; }
  // Returns the only column of such a name, small and capital letters being the same. `names` are
  // names that mean the same. RequireColumn() throws where there is none.
  std::optional<size_t> Column(const std::vector<std::string>& names) const;
  size_t RequireColumn(const std::vector<std::string>& names) const;
  // Returns the column's field; "" where the column is absent.
  std::string_view Field(const std::optional<size_t>& column) const;

  // Returns a number that the whole text is. Throws unless it is a finite one within [low, high].
  double Real(std::string_view text, const char* what, double low, double high) const;
  int64_t Integer(std::string_view text, const char* what, int64_t low, int64_t high) const;

  [[noreturn]] void Fail(const std::string& why) const;
  std::string where() const;

 private:
  bool ReadRow();
  void SplitRow(std::string_view row);
  // Takes the field whose text begins at `begin`, and returns where its closing quote ended.
  size_t TakeQuoted(std::string_view row, size_t begin);
  void CheckRow(std::string_view row) const;

  std::string_view rest_;
  const std::string source_;
  const DelimitedForm form_;
  int64_t row_line_ = 0, next_line_ = 1;
  std::vector<std::string> columns_;
  std::vector<std::string_view> fields_;
  std::vector<std::string> unquoted_;  // what fields with doubled quotes refer to
};

// Returns the lines of a list without header, such as class names, without blanks at their ends.
// Empty lines are passed over.
std::vector<std::string> ReadNameLines(std::string_view text, const std::string& source);

}  // namespace reel3d
