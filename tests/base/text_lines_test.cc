// SPDX-License-Identifier: Apache-2.0
#include "lib/base/text_lines.h"

#include <gmock/gmock.h>

#include <vector>

#include "lib/base/error.h"

namespace reel3d {
namespace {

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  std::string_view line;
  for (TextLines reader(text, "list"); reader.Next(&line);) {
    lines.emplace_back(line);
    EXPECT_EQ(reader.number(), static_cast<int>(lines.size()));
  }
  return lines;
}

TEST(TextLines, AreTheSameHoweverTheEditorSavesThem) {
  using testing::ElementsAre;
  EXPECT_THAT(Lines("a\nb\n"), ElementsAre("a", "b"));
  EXPECT_THAT(Lines("a\r\nb\r\n"), ElementsAre("a", "b"));
  EXPECT_THAT(Lines("\xEF\xBB\xBF"
                    "a\r\nb"),
              ElementsAre("a", "b"));
  EXPECT_THAT(Lines("\n\na"), ElementsAre("", "", "a"));
  EXPECT_THAT(Lines(""), ElementsAre());
  EXPECT_THAT(Lines("\xEF\xBB\xBF"), ElementsAre());
  EXPECT_THAT(Lines("a\rb\n"), ElementsAre("a\rb")) << "a carriage return inside a line is data";
}

TEST(TextLines, RefuseOtherEncodings) {
  const std::string little = std::string("\xFF\xFE") + std::string("a\0\n\0", 4);
  const std::string big = std::string("\xFE\xFF") + std::string("\0a\0\n", 4);
  for (const std::string& text : {little, big}) {
    try {
      Lines(text);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), testing::HasSubstr("list: is UTF-16 text; save it as UTF-8"));
    }
  }
}

}  // namespace
}  // namespace reel3d
