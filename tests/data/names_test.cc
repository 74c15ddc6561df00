// SPDX-License-Identifier: Apache-2.0
#include "lib/data/names.h"

#include <gmock/gmock.h>

namespace reel3d {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// "é" as one character (composed), and as an e and an accent (decomposed).
const std::string kComposed = "caf\xC3\xA9";
const std::string kDecomposed = "cafe\xCC\x81";

TEST(Names, AreShownWithoutHarmToATerminal) {
  EXPECT_EQ(Escaped("wave a.mp4"), "wave a.mp4");
  EXPECT_EQ(Escaped("a\tb\nc\rd"), "a\\tb\\nc\\rd");
  EXPECT_EQ(Escaped("\x1B[31mred"), "\\x1B[31mred");
  EXPECT_EQ(Escaped("\xFF\xC3\x28"), "\\xFF\\xC3(");
  EXPECT_EQ(Escaped(kComposed), kComposed);
  // Invisible characters: zero width, reversed direction, next line, a terminal's command, a byte
  // order mark.
  EXPECT_EQ(Escaped("a\u200Bb\u202Ec\u0085d\u009B[31m\uFEFF"),
            "a\\u200Bb\\u202Ec\\u0085d\\u009B[31m\\uFEFF");
  // Persian, Hindi and the emoji of a family need joiners, which are invisible too.
  for (const char* name : {"\u0645\u06CC\u200C\u0631\u0648\u0645", "\u0915\u094D\u200D\u0937",
                           "\U0001F468\u200D\U0001F469"}) {
    EXPECT_EQ(Escaped(name), name);
  }
  EXPECT_EQ(NameSome({"a\u200Bb", "c"}), "a\\u200Bb, c");
}

TEST(Names, AreListedUpToALimit) {
  EXPECT_EQ(NameSome({"a", "b"}), "a, b");
  EXPECT_EQ(NameSome({"a", "b", "c"}, 2), "a, b and 1 more");
  EXPECT_EQ(NameSome({}), "");
}

TEST(Names, OfTwoFormsAreUnified) {
  EXPECT_EQ(ComposedForm(kDecomposed), kComposed);
  EXPECT_EQ(ComposedForm("\xFF"), "\xFF") << "what is not UTF-8 stays";
  EXPECT_THAT(
      UnifiedForms({kComposed, kDecomposed, "walk"}),
      testing::UnorderedElementsAre(Pair(kComposed, kComposed), Pair(kDecomposed, kComposed)));
  EXPECT_THAT(UnifiedForms({kDecomposed, "walk"}), IsEmpty()) << "one form stays as it is written";
  // A Mac stores Hangul syllables as separate letters.
  EXPECT_EQ(ComposedForm("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), "\xED\x95\x9C");
}

TEST(Names, ThatLookAlikeAreFound) {
  EXPECT_THAT(LookAlikes({"high jump", "High_Jump", "high-jump", "wave"}),
              ElementsAre(ElementsAre("High_Jump", "high jump", "high-jump")));
  EXPECT_THAT(LookAlikes({"wave1", "wave2", "w"}), IsEmpty());
  // Full-width letters look like ordinary letters.
  EXPECT_THAT(LookAlikes({"run", "\xEF\xBD\x92\xEF\xBD\x95\xEF\xBD\x8E"}).size(), 1U);
}

}  // namespace
}  // namespace reel3d
