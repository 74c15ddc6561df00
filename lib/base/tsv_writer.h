// Writes tab separated tables, as lib/data/tsv.h reads them: UTF-8, a header row, then one row per
// line. No field is quoted. A control character in a field would end the field or its row, so it is
// written as Escaped() shows it (lib/base/visible_text.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace reel3d {

class TsvWriter {
 public:
  explicit TsvWriter(const std::vector<std::string>& columns);

  // Appends a row of as many fields as there are columns: texts, whole numbers, real numbers (with
  // the fewest digits that read back the same), or optional ones of these, which are empty if
  // unset.
  template <class... Fields>
  void Row(const Fields&... fields) {
    (Add(fields), ...);
    EndRow();
  }
  // Appends one field of a row whose number of columns is known at run time only. EndRow() checks
  // that the row is complete.
  template <class Field>
  void Add(const Field& field) {
    if constexpr (std::is_integral_v<Field>) {
      AddInteger(static_cast<int64_t>(field));
    } else if constexpr (std::is_floating_point_v<Field>) {
      AddReal(field);
    } else {
      AddText(field);
    }
  }
  template <class Field>
  void Add(const std::optional<Field>& field) {
    field ? Add(*field) : AddText("");
  }
  void EndRow();
  // Appends the rows of another table with the same columns.
  void Append(const TsvWriter& table);

  // Returns the complete table.
  const std::string& text() const { return text_; }

 private:
  void AddText(std::string_view text);
  void AddInteger(int64_t value);
  void AddReal(double value);

  const size_t num_columns_;
  size_t num_fields_ = 0;  // of the current row
  std::string text_;
  size_t header_bytes_ = 0;
};

// Returns the number with this many digits after the point.
std::string Decimals(double value, int num_digits);

}  // namespace reel3d
