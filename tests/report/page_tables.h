// Reads the tables of a report's page back out of its HTML.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

namespace reel3d::test {

using PageTable = std::vector<std::vector<std::string>>;

// Returns what `pattern` finds in each row of the table that belongs to an id.
inline PageTable CellsOf(const std::string& page, const std::string& id, const char* pattern) {
  const size_t begin = page.find("id=\"" + id + "\"");
  EXPECT_NE(begin, std::string::npos) << id;
  if (begin == std::string::npos) {
    return {};
  }
  const size_t body = page.find("<tbody>", begin);
  const std::string table = page.substr(body, page.find("</tbody>", body) - body);
  PageTable rows;
  const std::regex row_of("<tr[^>]*>(.*)</tr>");
  const std::regex value_of(pattern);
  for (std::sregex_iterator row(table.begin(), table.end(), row_of), end; row != end; ++row) {
    const std::string cells = (*row)[1];
    rows.emplace_back();
    for (std::sregex_iterator value(cells.begin(), cells.end(), value_of); value != end; ++value) {
      rows.back().push_back((*value)[1]);
    }
  }
  return rows;
}

// Returns the exact numbers of each row, "" where one is not known.
inline PageTable NumbersOf(const std::string& page, const std::string& id) {
  return CellsOf(page, id, "data-v=\"([^\"]*)\"");
}

// Returns the texts of each row, as markup.
inline PageTable TextsOf(const std::string& page, const std::string& id) {
  return CellsOf(page, id, "<bdi>(.*?)</bdi>");
}

// Returns the page with spaces in place of no-break spaces.
inline std::string WithSpaces(const std::string& page) {
  return std::regex_replace(page, std::regex("\xC2\xA0"), " ");
}

}  // namespace reel3d::test
