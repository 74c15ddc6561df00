// SPDX-License-Identifier: Apache-2.0
#include "lib/base/tsv_writer.h"

#include <gtest/gtest.h>

#include "lib/base/error.h"

namespace reel3d {
namespace {

TEST(TsvWriter, WritesAHeaderAndEachKindOfField) {
  TsvWriter writer({"id", "count", "fps", "share", "absent"});
  writer.Row("a", size_t{3}, 29.97, Decimals(2.0 / 3, 4), std::optional<int>());
  writer.Row(std::string("naïve walk"), -1, 25.0, Decimals(1, 2), std::optional<double>(0.5));
  EXPECT_EQ(
      writer.text(),
      "id\tcount\tfps\tshare\tabsent\na\t3\t29.97\t0.6667\t\nnaïve walk\t-1\t25\t1.00\t0.5\n");
}

TEST(TsvWriter, NoFieldEndsItsRow) {
  TsvWriter writer({"one", "two"});
  writer.Row("a\tb\nc\r", std::string("d\0e\x7F\\t", 6));
  EXPECT_EQ(writer.text(), "one\ttwo\na\\tb\\nc\\r\td\\x00e\\x7F\\t\n");
}

TEST(TsvWriter, AppendsTheRowsOfAnotherTable) {
  TsvWriter writer({"one", "two"});
  TsvWriter more = writer;
  writer.Row(1, 2);
  more.Row(3, 4);
  more.Row(5, 6);
  writer.Append(more);
  writer.Row(7, 8);
  EXPECT_EQ(writer.text(), "one\ttwo\n1\t2\n3\t4\n5\t6\n7\t8\n");
  EXPECT_THROW(writer.Append(TsvWriter({"two", "one"})), Error);
}

TEST(TsvWriter, EveryRowHasAllColumns) {
  TsvWriter writer({"one", "two"});
  EXPECT_THROW(writer.Row("a"), Error);
  TsvWriter other({"one", "two"});
  EXPECT_THROW(other.Row("a", "b", "c"), Error);
}

}  // namespace
}  // namespace reel3d
