// SPDX-License-Identifier: Apache-2.0
#include "lib/base/tsv_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/error.h"
#include "lib/base/visible_text.h"

namespace reel3d {
namespace {

bool IsAsciiControl(unsigned char byte) { return byte < 0x20 || byte == 0x7F; }

}  // namespace

TsvWriter::TsvWriter(const std::vector<std::string>& columns) : num_columns_(columns.size()) {
  for (const std::string& column : columns) {
    AddText(column);
  }
  EndRow();
  header_bytes_ = text_.size();
}

void TsvWriter::Append(const TsvWriter& table) {
  REEL3D_CHECK(num_fields_ == 0 && table.num_fields_ == 0);
  REEL3D_CHECK(std::string_view(text_).substr(0, header_bytes_) ==
               std::string_view(table.text_).substr(0, table.header_bytes_));
  text_.append(table.text_, table.header_bytes_);
}

void TsvWriter::EndRow() {
  REEL3D_CHECK(num_fields_ == num_columns_);
  text_ += '\n';
  num_fields_ = 0;
}

void TsvWriter::AddText(std::string_view text) {
  text_ += num_fields_++ > 0 ? "\t" : "";
  if (std::none_of(text.begin(), text.end(), IsAsciiControl)) {
    text_ += text;
    return;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    text_ += IsAsciiControl(text[i]) ? Escaped(text.substr(i, 1)) : std::string(1, text[i]);
  }
}

void TsvWriter::AddInteger(int64_t value) { AddText(fmt::format("{}", value)); }

void TsvWriter::AddReal(double value) { AddText(fmt::format("{}", value)); }

std::string Decimals(double value, int num_digits) {
  return fmt::format("{:.{}f}", value, num_digits);
}

}  // namespace reel3d
