// Reads all annotation files whose lines have fields: csv as RFC 4180 describes it, or with another
// delimiter. The text is UTF-8 with LF or CRLF, with or without a byte order mark.
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
// begin with "source: " or "source:line: ". A row may have at most 1 MiB.
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
  // Returns the column that is called by one of `names`, in small or capital letters. Throws if
  // there are several. RequireColumn() also throws if there is none.
  std::optional<size_t> Column(const std::vector<std::string>& names) const;
  size_t RequireColumn(const std::vector<std::string>& names) const;
  // Returns the column's field; "" where the column is absent.
  std::string_view Field(const std::optional<size_t>& column) const;

  // Return the whole `text` as a number. Throw if it is not a number within [low, high]; the error
  // calls it `what`.
  double Real(std::string_view text, const char* what, double low, double high) const;
  int64_t Integer(std::string_view text, const char* what, int64_t low, int64_t high) const;

  [[noreturn]] void Fail(const std::string& why) const;
  std::string where() const;

 private:
  bool ReadRow();
  void SplitRow(std::string_view row);
  // Adds the quoted field whose text begins at `begin`. Returns the place after its closing quote.
  size_t TakeQuoted(std::string_view row, size_t begin);
  void CheckRow(std::string_view row) const;

  std::string_view rest_;
  const std::string source_;
  const DelimitedForm form_;
  int64_t row_line_ = 0, next_line_ = 1;
  std::vector<std::string> columns_;
  std::vector<std::string_view> fields_;
  std::vector<std::string> unquoted_;  // the text of quoted fields
};

// Returns the lines of a list without header, such as class names, without blanks at their ends.
// Empty lines are passed over.
std::vector<std::string> ReadNameLines(std::string_view text, const std::string& source);

}  // namespace reel3d
