// SPDX-License-Identifier: Apache-2.0
#include "lib/data/class_doubts.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "lib/data/held_out_copies.h"

namespace reel3d {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::ordered_json;

auto Is(DoubtKind kind, const std::vector<std::string>& classes, const std::string& text) {
  return AllOf(Field(&Doubt::kind, kind), Field(&Doubt::classes, classes),
               Field(&Doubt::text, HasSubstr(text)));
}

TEST(ClassDoubts, AreNoneOfAnOrdinarySet) {
  EXPECT_THAT(ClassDoubts({{"jump", 3, 1}, {"wave", 3, 1}}), IsEmpty());
  EXPECT_THAT(ClassDoubts({}), IsEmpty());
  EXPECT_THAT(ClassDoubts({{"jump", 3, 1}, {"wave", 3, 1}, {"absent", 0, 0}}), IsEmpty());
}

TEST(ClassDoubts, NameEachClassOnce) {
  EXPECT_THAT(
      ClassDoubts({{"UCF-101", 30, 10}}),
      ElementsAre(Is(DoubtKind::kOneClass, {"UCF-101"}, "all videos are of one class, UCF-101")));
  EXPECT_THAT(ClassDoubts({{"jump", 3, 1}, {"run", 0, 4}, {"wave", 3, 0}}),
              ElementsAre(Is(DoubtKind::kNeverTrained, {"run"},
                             "every video is held out of run: judged, but never trained"),
                          Is(DoubtKind::kNeverJudged, {"wave"},
                             "no video is held out of wave: trained, but never judged")));
}

TEST(ClassDoubts, OfASubsetWithoutVideosAreNotSaidOfEachClass) {
  EXPECT_THAT(ClassDoubts({{"jump", 3, 0}, {"wave", 3, 0}}), IsEmpty());
  EXPECT_THAT(ClassDoubts({{"jump", 0, 3}, {"wave", 0, 3}}), IsEmpty());
}

// The text names only the first classes. `classes` has all of them, so that evaluate-scores can
// leave out classes that an earlier stage reported.
TEST(ClassDoubts, HaveAllClassesAndNameAFew) {
  std::vector<ClassCounts> counts = {{"judged", 3, 1}};
  for (char name = 'a'; name <= 'z'; ++name) {
    counts.push_back({std::string(1, name), 3, 0});
  }
  const std::vector<Doubt> doubts = ClassDoubts(counts);
  ASSERT_EQ(doubts.size(), 1U);
  EXPECT_EQ(doubts[0].classes.size(), 26U);
  EXPECT_THAT(doubts[0].text, HasSubstr("a, b, c, d, e, f, g, h and 18 more"));
}

TEST(Doubts, PassThroughJson) {
  const std::vector<Doubt> doubts = ClassDoubts({{"jump", 3, 1}, {"run", 0, 4}, {"wave", 3, 0}});
  const std::vector<Doubt> read = DoubtsFromJson(Json::parse(DoubtsToJson(doubts).dump()));
  ASSERT_EQ(read.size(), 2U);
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_THAT(read[i], Is(doubts[i].kind, doubts[i].classes, doubts[i].text));
  }
  EXPECT_THAT(
      DoubtsFromJson(Json::parse(R"(["only a text", {"kind": "of tomorrow",
                                            "classes": ["a"], "text": "new"}])")),
      ElementsAre(Is(DoubtKind::kOther, {}, "only a text"), Is(DoubtKind::kOther, {"a"}, "new")));
  for (const char* wrong : {"{}", "3", "[3]", "[{}]", R"([{"kind": 3, "classes": [], "text": ""}])",
                            R"([{"kind": "other", "classes": "a", "text": ""}])"}) {
    EXPECT_THROW(DoubtsFromJson(Json::parse(wrong)), nlohmann::json::exception) << wrong;
  }
}

TEST(DoubtOfCopies, NamesAFewPairs) {
  EXPECT_THAT(DoubtOfCopies({}, "frames"), IsEmpty());
  EXPECT_THAT(DoubtOfCopies({{"b", "a"}}, "content"),
              ElementsAre(Is(DoubtKind::kCopies, {},
                             "1 of the videos held out have the content of training videos")));
  HeldOutCopies many(100'000, {"held out", "training"});
  EXPECT_THAT(DoubtOfCopies(many, "frames").front().text,
              AllOf(HasSubstr("100000 of the videos"), HasSubstr("and 99996 more")));
}

}  // namespace
}  // namespace reel3d
