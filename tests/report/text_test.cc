// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/text.h"

#include <gtest/gtest.h>

#include "lib/report/draw/number_text.h"
#include "lib/report/draw/untorn.h"

namespace reel3d::report {
namespace {

TEST(EscapeMarkup, KeepsTextThatMarkupWouldBreak) {
  EXPECT_EQ(EscapeMarkup("<script>alert(\"1\")</script> & 'x'"),
            "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;");
  EXPECT_EQ(EscapeMarkup("\xD9\x85\xD8\xB4\xD9\x8A \xF0\x9F\x98\x80"),
            "\xD9\x85\xD8\xB4\xD9\x8A \xF0\x9F\x98\x80");
}

TEST(EscapeMarkup, ReplacesWhatIsNoText) {
  EXPECT_EQ(EscapeMarkup(std::string("a\0b\x1B", 4)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  // U+202E turns the direction, and U+2069 would end the isolation of a name.
  EXPECT_EQ(EscapeMarkup("\xE2\x80\xAEx\xE2\x81\xA9"), "\xEF\xBF\xBDx\xEF\xBF\xBD");
  EXPECT_EQ(EscapeMarkup("a\xFF\xC3"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Shortened, CutsAtCharacters) {
  EXPECT_EQ(Shortened("walking", 7), "walking");
  EXPECT_EQ(Shortened("walking", 6), "walki\xE2\x80\xA6");
  EXPECT_EQ(Shortened("\xE8\xB5\xB0\xE8\xB7\xAF\xE5\x90\x8E", 5),
            "\xE8\xB5\xB0\xE8\xB7\xAF\xE2\x80\xA6");
  EXPECT_EQ(WidthOf("\xE8\xB5\xB0\xE8\xB7\xAF"), 4);
}

TEST(NumberText, IsForReaders) {
  EXPECT_EQ(Percent(0.985), "98.5 %");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Grouped(-123), "-123");
  EXPECT_EQ(Duration(125), "2 min 5 s");
  EXPECT_EQ(Duration(59.7), "1 min 0 s");
  EXPECT_EQ(Duration(-1), "an unknown time");
}

// Shows no-break spaces as "~".
std::string Shown(std::string text) {
  for (size_t at = text.find("\xC2\xA0"); at != std::string::npos; at = text.find("\xC2\xA0")) {
    text.replace(at, 2, "~");
  }
  return text;
}

TEST(Untorn, KeepsNumbersAndUnitsTogether) {
  const auto untorn = [](const char* text) { return Shown(Untorn(text)); };
  EXPECT_EQ(untorn("98.5 % of 200 videos. 95 % interval: 95.0 to 99.5 %."),
            "98.5~% of 200 videos. 95~% interval: 95.0~to~99.5~%.");
  EXPECT_EQ(untorn("2 min 5 s for 60 epochs"), "2~min~5~s for 60 epochs");
  EXPECT_EQ(untorn("4 days 7 h, (3 ms) and +0.5 to -1 points"),
            "4~days~7~h, (3~ms) and +0.5~to~-1~points");
  EXPECT_EQ(untorn("16 frames of 48 x 48"), "16 frames of 48~x~48");
  EXPECT_EQ(untorn("p < 0.0001"), "p <~0.0001");
}

TEST(Untorn, LeavesOtherWordsAlone) {
  for (const char* text : {"", " ", "  a  b ", "5 swings", "x 5", "to 5", "from 3 to class",
                           "min 5", "1 to  2", "\xE8\xB5\xB0 %"}) {
    EXPECT_EQ(Untorn(text), text);
  }
}

}  // namespace
}  // namespace reel3d::report
