// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/table.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/report/page_tables.h"

namespace reel3d::report {
namespace {

using Texts = std::vector<std::string>;

// Returns what a column of these cells shows.
Texts Shown(const std::vector<Cell>& cells) {
  Table table;
  table.columns = {{"number", true}};
  for (const Cell& cell : cells) {
    table.rows.push_back({{cell}});
  }
  Texts shown;
  for (const auto& row : test::CellsOf("id=\"t\"" + TableHtml(table), "t", ">([^<]*)</th>")) {
    shown.push_back(row.at(0));
  }
  return shown;
}

Texts ShownNumbers(const std::vector<double>& numbers) {
  std::vector<Cell> cells;
  for (const double number : numbers) {
    cells.push_back(NumberCell(number));
  }
  return Shown(cells);
}

TEST(Table, NumbersOfAColumnHaveTheSameDecimals) {
  EXPECT_EQ(ShownNumbers({2.1094, 0.696, 0.04}), (Texts{"2.109", "0.696", "0.040"}));
  EXPECT_EQ(ShownNumbers({81.51, 53, 0}), (Texts{"81.5", "53.0", "0.0"}));
  EXPECT_EQ(ShownNumbers({-12.25, 100.5}), (Texts{"-12", "100"})) << "half to even";
  EXPECT_EQ(ShownNumbers({1, 20, 12345678}), (Texts{"1", "20", "12345678"}));
  EXPECT_EQ(ShownNumbers({0, 0}), (Texts{"0", "0"}));
  EXPECT_EQ(ShownNumbers({0.1, 1e-9}), (Texts{"0.1", "1e-09"})) << "too many zeros";
  EXPECT_EQ(ShownNumbers({1e15, 2}), (Texts{"1e+15", "2"}));
  EXPECT_EQ(Shown({NumberCell(0.25), NumberCell({}), NumberCell(1)}),
            (Texts{"0.25", "\xE2\x80\x93", "1.00"}));
}

TEST(Table, SecondsAndPValuesHaveTheirOwn) {
  EXPECT_EQ(Shown({SecondsCell(646.155), SecondsCell(0), SecondsCell(1.42)}),
            (Texts{"646.2", "0.0", "1.4"}));
  EXPECT_EQ(Shown({PValueCell(1), PValueCell(0.00391), PValueCell(1e-9)}),
            (Texts{"1.0000", "0.0039",
                   "&lt;\xC2\xA0"
                   "0.0001"}));
}

TEST(Table, FiguresAreKeptTogetherAndNamesStayAsTheyAre) {
  Table table;
  table.columns = {{"video"}, {"interval"}};
  table.rows = {{{TextCell("fall 5 s"), FigureCell("95.0 to 99.5 %")}}};
  const std::string html = TableHtml(table);
  EXPECT_NE(html.find("<bdi>fall 5 s</bdi>"), std::string::npos) << html;
  EXPECT_NE(html.find("<td class=\"f\"><bdi>95.0\xC2\xA0to\xC2\xA0"
                      "99.5\xC2\xA0%</bdi>"),
            std::string::npos)
      << html;
  EXPECT_EQ(TableJson(table)["rows"][0][1], "95.0 to 99.5 %");
}

}  // namespace
}  // namespace reel3d::report
