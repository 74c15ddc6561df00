// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/delimited_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"

namespace reel3d {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Rows = std::vector<std::vector<std::string>>;

Rows Read(const std::string& text, const DelimitedForm& form = {',', false, true, false}) {
  DelimitedText reader(text, "list.csv", form);
  Rows rows;
  while (reader.NextRow()) {
    rows.emplace_back(reader.fields().begin(), reader.fields().end());
  }
  return rows;
}

std::string Complaint(const std::string& text,
                      const DelimitedForm& form = {',', false, true, false}) {
  try {
    Read(text, form);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(DelimitedTextTest, QuotesHoldDelimitersQuotesAndLineEnds) {
  EXPECT_EQ(Read("a,\"b,c\",\"d \"\"e\"\"\"\r\n\"\",,\n\"two\nlines\",x,y"),
            (Rows{{"a", "b,c", "d \"e\""}, {"", "", ""}, {"two\nlines", "x", "y"}}));
}

TEST(DelimitedTextTest, LastFieldMayBeEmptyAndEmptyLinesArePassedOver) {
  EXPECT_EQ(Read("a,\n\n  \r\n,b\n"), (Rows{{"a", ""}, {"", "b"}}));
  EXPECT_EQ(Read("a,\"\"\n"), (Rows{{"a", ""}}));
}

TEST(DelimitedTextTest, LinesAreCountedThroughQuotes) {
  const std::string text = "\"1\n2\"\n\nx\n";
  DelimitedText reader(text, "s", {',', false, true, false});
  EXPECT_TRUE(reader.NextRow());
  EXPECT_EQ(reader.line(), 1);
  EXPECT_TRUE(reader.NextRow());
  EXPECT_EQ(reader.line(), 4);
  EXPECT_FALSE(reader.NextRow());
}

TEST(DelimitedTextTest, BadQuotesAreRefusedWithTheirLine) {
  EXPECT_THAT(Complaint("a\nb\"c\n"), HasSubstr("list.csv:2: has a quote inside a field"));
  EXPECT_THAT(Complaint("a\n\"b\" c\n"), HasSubstr("list.csv:2: has text after a closing quote"));
  EXPECT_THAT(Complaint("a\n\"b\nc\n"), HasSubstr("list.csv:2: has a quote that is not closed"));
}

TEST(DelimitedTextTest, OtherEncodingsAreRefused) {
  EXPECT_THAT(Complaint("a\nM\xFCller,b\n"), HasSubstr("list.csv:2: is not UTF-8"));
  EXPECT_THAT(Complaint("\xFF\xFE"
                        "a\n"),
              HasSubstr("UTF-16"));
  EXPECT_EQ(Read("\xEF\xBB\xBF"
                 "a\n"),
            (Rows{{"a"}}));
}

TEST(DelimitedTextTest, LongRowsAreRefused) {
  EXPECT_THAT(Complaint("a\n" + std::string((size_t{1} << 20) + 10, 'x')),
              HasSubstr("list.csv:2: is longer than 1048576 bytes"));
  EXPECT_THAT(Complaint("a\n\"" + std::string((size_t{1} << 20) + 10, '\n')),
              HasSubstr("list.csv:2: is longer than 1048576 bytes"));
  EXPECT_THAT(Complaint(std::string(5000, ',')), HasSubstr("has more than 1024 fields"));
}

TEST(DelimitedTextTest, ColumnsHaveNames) {
  const std::string text = "B ,a,a\n1,2,3\n";
  DelimitedText reader(text, "s", {',', true, true, false});
  EXPECT_EQ(reader.RequireColumn({"b"}), 0U);
  EXPECT_THROW(reader.Column({"a"}), Error);
  try {
    reader.RequireColumn({"label", "class"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "s: the header has no column label or class, but B, a, a");
  }
  EXPECT_THAT(Complaint("a,b\n1\n", {',', true, true, false}),
              HasSubstr("list.csv:2: has 1 fields, but the header names 2"));
}

TEST(DelimitedTextTest, NumbersMustBeWhole) {
  const std::string text = "1\n";
  DelimitedText reader(text, "s", {',', false, true, false});
  reader.NextRow();
  EXPECT_EQ(reader.Real(" 17.0 ", "time", 0, 100), 17);
  for (const char* bad : {"", "x", "1x", "nan", "inf", "-1", "1e400", "101", "0x10"}) {
    EXPECT_THROW(reader.Real(bad, "time", 0, 100), Error) << bad;
    EXPECT_THROW(reader.Integer(bad, "number", 0, 100), Error) << bad;
  }
}

}  // namespace
}  // namespace reel3d
