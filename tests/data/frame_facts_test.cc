// SPDX-License-Identifier: Apache-2.0
#include "lib/data/frame_facts.h"

#include <gmock/gmock.h>

#include "lib/base/error.h"

namespace reel3d {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::ordered_json;

const FrameFacts kPaper = {240, 0, 90, "source", "field"};

// Returns "name", or "name?" if minor, of each difference from kPaper.
std::vector<std::string> Differing(const FrameFacts& here) {
  std::vector<std::string> names;
  for (const TrainingDifference& one : FrameDifferences(here, kPaper)) {
    names.push_back(one.what + (one.is_minor ? "?" : ""));
  }
  return names;
}

TEST(FrameFacts, DifferencesThatChangeAnswersAreNotMinor) {
  EXPECT_THAT(Differing(kPaper), IsEmpty());
  EXPECT_THAT(Differing({300, 0, 90, "source", "field"}), ElementsAre("height?"));
  EXPECT_THAT(Differing({302, 0, 90, "source", "field"}), ElementsAre("height"));
  EXPECT_THAT(Differing({192, 0, 90, "source", "field"}), ElementsAre("height?"));
  EXPECT_THAT(Differing({190, 0, 90, "source", "field"}), ElementsAre("height"));
  EXPECT_THAT(Differing({0, 240, 90, "source", "field"}), ElementsAre("height?"));
  EXPECT_THAT(Differing({0, 480, 90, "source", "field"}), ElementsAre("height"));
  EXPECT_THAT(Differing({240, 0, 75, "source", "field"}), ElementsAre("quality?"));
  EXPECT_THAT(Differing({240, 0, 74, "source", "field"}), ElementsAre("quality"));
  EXPECT_THAT(Differing({240, 0, 90, "constant", "field"}), ElementsAre("fps?"));
  EXPECT_THAT(Differing({240, 0, 90, "25", "field"}), ElementsAre("fps"));
  EXPECT_THAT(Differing({240, 0, 90, "source", "weave"}), ElementsAre("interlaced?"));
  EXPECT_THAT(Differing({72, 0, 20, "5", "weave"}),
              ElementsAre("height", "fps", "quality", "interlaced?"));
}

TEST(FrameFacts, BothSidesAreStated) {
  EXPECT_EQ(DescribeDifferences(FrameDifferences({0, 72, 90, "5", "field"}, kPaper), "training"),
            "height 72 (short side) (training: 240), fps 5 (training: source)");
  EXPECT_EQ(AcceptedSentence({}), "");
  EXPECT_EQ(AcceptedSentence(FrameDifferences({72, 0, 80, "source", "field"}, kPaper)),
            "the data are unlike those of the training, as --allow accepts: height 72 (training: "
            "240); a little: quality 80 (training: 90)");
  EXPECT_EQ(AcceptedSentence(FrameDifferences({240, 0, 80, "source", "field"}, kPaper)),
            "the data differ a little from the training's: quality 80 (training: 90)");
}

TEST(FrameFacts, AreReadAsTheyWereWritten) {
  const FrameFacts facts = {0, 256, 87, "30000/1001", "weave"};
  EXPECT_THAT(FrameDifferences(FrameFactsFromJson(FrameFactsToJson(facts), "x"), facts), IsEmpty());
  const auto differences = FrameDifferences(facts, kPaper);
  EXPECT_EQ(DifferencesToJson(DifferencesFromJson(DifferencesToJson(differences), "x")),
            DifferencesToJson(differences));
}

std::string Fault(const char* key, const Json& value) {
  Json json = FrameFactsToJson(kPaper);
  json[key] = value;
  try {
    FrameFactsFromJson(json, "p.json: frames");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), testing::StartsWith("p.json: frames"));
    return error.what();
  }
  return "";
}

TEST(FrameFacts, HostileOnesAreRefused) {
  for (const Json& number : {Json(-1), Json(1.5), Json(1e300), Json("240"), Json(), Json(8193)}) {
    EXPECT_THAT(Fault("height", number), HasSubstr("height is not a whole number from 0 to 8192"))
        << number;
  }
  EXPECT_NE(Fault("quality", 101), "");
  EXPECT_NE(Fault("quality", 0), "");
  EXPECT_THAT(Fault("height", 0), HasSubstr("have a height or a short side"));
  for (const Json& word : {Json(""), Json("25\n"), Json("\x1b[2J"), Json(std::string(33, '1'))}) {
    EXPECT_THAT(Fault("fps", word), HasSubstr("is no setting of prep-videos")) << word;
  }
  EXPECT_NE(Fault("fps", 25), "");
  EXPECT_NE(Fault("interlaced", Json::array()), "");
  EXPECT_THROW(FrameFactsFromJson(Json::array(), "x"), Error);
  EXPECT_THROW(FrameFactsFromJson(Json::object(), "x"), Error);
}

TEST(FrameFacts, APassportKeepsThem) {
  const auto reread = [](const Passport& passport) {
    return std::optional(PassportFromJson(PassportToJson(passport), "x"));
  };
  EXPECT_FALSE(FrameFactsOf(std::nullopt));
  EXPECT_FALSE(FrameFactsOf(Passport()));
  EXPECT_THAT(DifferencesIn(Passport()), IsEmpty());
  Passport passport;
  SetFrames(kPaper, &passport);
  SetDifferences(FrameDifferences({72, 0, 80, "5", "weave"}, kPaper), &passport);
  EXPECT_EQ(FrameFactsToJson(FrameFactsOf(reread(passport)).value()), FrameFactsToJson(kPaper));
  EXPECT_EQ(DifferencesIn(reread(passport)).size(), 4U);
  SetDifferences({}, &passport);
  EXPECT_THAT(DifferencesIn(reread(passport)), IsEmpty());
  passport.shards["frames"]["height"] = -1;
  passport.shards["differences"] = 7;
  EXPECT_FALSE(FrameFactsOf(reread(passport)));
  EXPECT_THAT(DifferencesIn(reread(passport)), IsEmpty());
}

TEST(FrameFacts, OnlyDamagedOnesAreDropped) {
  std::optional<Passport> passport;
  DropDamagedFrames(&passport);
  EXPECT_FALSE(passport);
  passport.emplace();
  SetFrames(kPaper, &*passport);
  DropDamagedFrames(&passport);
  EXPECT_TRUE(FrameFactsOf(passport));
  passport->shards["frames"]["height"] = -1;
  DropDamagedFrames(&passport);
  EXPECT_FALSE(passport->shards.contains("frames"));
}

TEST(FrameFacts, HostileDifferencesAreRefusedOrEscaped) {
  const Json row = {{"what", "a\x1b[2J"}, {"here", "b"}, {"trained", "c"}, {"minor", false}};
  EXPECT_EQ(DifferencesFromJson(Json::array({row}), "x").front().what.find('\x1b'),
            std::string::npos);
  EXPECT_THROW(DifferencesFromJson(Json(101, row), "x"), Error);
  for (const Json& json : {Json(), Json(7), Json::object(), Json{7}, Json{{{"what", "a"}}}}) {
    EXPECT_THROW(DifferencesFromJson(json, "x"), Error) << json;
  }
}

}  // namespace
}  // namespace reel3d
