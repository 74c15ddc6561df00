// Reads tab separated tables: UTF-8, a header row, then one row per line (see
// lib/base/text_lines.h). Anything else is refused with file and line. To write a table, use
// lib/base/tsv_writer.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/text_lines.h"
#include "lib/base/visible_text.h"

namespace reel3d {

// Walks over the rows of a file that has exactly these columns. All errors are input errors that
// begin with "file:line: ". Callers name columns by number, from 0.
class TsvReader {
 public:
  // A file of more than `max_bytes` is refused unread.
  TsvReader(std::filesystem::path file, std::vector<std::string> columns,
            uint64_t max_bytes = uint64_t{1} << 30);
  TsvReader(const TsvReader&) = delete;
  TsvReader& operator=(const TsvReader&) = delete;

  // Returns false after the last row.
  bool NextRow();
  // Returns the number of the current line, from 1; the header is line 1.
  int line() const { return lines_.number(); }

  // Views stay valid until the next call of NextRow().
  std::string_view Text(size_t column) const { return fields_[column]; }
  bool IsEmpty(size_t column) const { return fields_[column].empty(); }
  // Return the field's number; throw unless the complete field is a number within [low, high].
  int64_t Integer(size_t column, int64_t low, int64_t high) const;
  double Real(size_t column, double low, double high) const;

  [[noreturn]] void Fail(const std::string& why) const;
  [[noreturn]] void Fail(size_t column, const std::string& why) const;

 private:
  const std::filesystem::path file_;
  const std::vector<std::string> columns_;
  const std::string text_;
  TextLines lines_;
  std::vector<std::string_view> fields_;
};

// Returns why `text` cannot be a field; "" if it can. Fields hold UTF-8 without the control
// characters U+0000 to U+001F and U+007F.
std::string FieldFault(std::string_view text);

// Does the same for a name that is about to be written. Also refuses U+0080 to U+009F, some of
// which end a line or begin a command of a terminal. Tables that hold such characters can still be
// read.
std::string NewFieldFault(std::string_view text);

}  // namespace reel3d
