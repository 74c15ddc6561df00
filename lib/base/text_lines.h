// Splits a text file, as editors save it, into lines. A byte order mark before the text is skipped,
// and a line ends with LF or CRLF. Every reader of a list or table uses this.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace reel3d {

// Returns `text` without the byte order marks that editors put before UTF-8.
std::string_view WithoutByteOrderMark(std::string_view text);

// Throws an input error that names `source` if the text is UTF-16, as some programs of Windows save
// it.
void RequireNotUtf16(std::string_view text, const std::string& source);

class TextLines {
 public:
  // `text` must outlive the lines. Throws as RequireNotUtf16() does.
  TextLines(std::string_view text, const std::string& source);

  // Sets `line` to the next line without its end. Returns false after the last line, which needs no
  // line feed.
  bool Next(std::string_view* line);
  // Returns the number of the current line, from 1; after the last one, its number plus one.
  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

}  // namespace reel3d
