// Tests the doubts about the data that evaluate-scores repeats or finds.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/pipeline/small_evaluation.h"

namespace reel3d::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EvaluatedDoubts : public SmallEvaluation {};

TEST_F(EvaluatedDoubts, DoubtsOfTheDataAreSaidOnceMore) {
  EXPECT_EQ(Run().metrics["doubts"], Json::array());
  WriteFileAtomically(folder_ / "scores/report.json",
                      R"({"data_doubts": ["2 of the videos held out show the same frames"]})");
  for (Scores& part : parts_) {
    for (ScoredVideo& video : part.videos) {
      video.label = 1;
    }
  }
  const Json doubts = Run().metrics["doubts"];
  ASSERT_EQ(doubts.size(), 2U);
  EXPECT_EQ(doubts[0], "2 of the videos held out show the same frames");
  EXPECT_EQ(doubts[1],
            "all videos judged are of one class, fall: to answer it always would be right; no "
            "video was judged of rise");
}

TEST_F(EvaluatedDoubts, OneClassIsNothingToTellApart) {
  for (Scores& part : parts_) {
    part.classes = {"UCF-101"};
    part.logits.resize(part.clips.size());
    for (ScoredVideo& video : part.videos) {
      video.label = 0;
    }
  }
  const Json doubts = Run().metrics["doubts"];
  ASSERT_EQ(doubts.size(), 1U);
  EXPECT_THAT(doubts[0].get<std::string>(), HasSubstr("all videos are of one class, UCF-101"));
  // A doubt that score-videos has reported is not repeated.
  SayOfData(ClassDoubts({{"UCF-101", 3, 1}}));
  EXPECT_EQ(Run().metrics["doubts"], doubts);
}

TEST_F(EvaluatedDoubts, AClassThatIsNotJudgedIsToldOnce) {
  WidenClasses({"rise", "fall", "wave", "run"});
  SayOfData(ClassDoubts({{"rise", 3, 2}, {"fall", 3, 2}, {"wave", 3, 0}, {"run", 3, 1}}));
  const Json doubts = Run().metrics["doubts"];
  ASSERT_EQ(doubts.size(), 2U);
  EXPECT_EQ(doubts[0], "no video is held out of wave: trained, but never judged");
  EXPECT_EQ(doubts[1], "no video was judged of run");
}

// If all videos of a class are held out, some should be judged. So both doubts are reported.
TEST_F(EvaluatedDoubts, AClassThatIsNeverTrainedAndNotJudgedHasTwoFaults) {
  WidenClasses({"rise", "fall", "wave"});
  SayOfData(ClassDoubts({{"rise", 3, 2}, {"fall", 3, 2}, {"wave", 0, 1}}));
  EXPECT_EQ(Run().metrics["doubts"],
            Json({"every video is held out of wave: judged, but never trained",
                  "no video was judged of wave"}));
  for (Scores& part : parts_) {
    part.subset = "training";
  }
  options_.overwrite = true;
  EXPECT_EQ(Run().metrics["doubts"],
            Json::array({"every video is held out of wave: judged, but never trained"}));
}

TEST_F(EvaluatedDoubts, AReportThatCannotBeReadIsADoubt) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "not a JSON object"},
      {"{", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"\xFF\xFE", "not a JSON object"},
      {R"({"doubts": 3})", "doubts: found number instead of array"},
      {R"({"doubts": {"kind": 3}})", "doubts: found object instead of array"},
      {R"({"doubts": [3]})", "doubts: found number instead of object"},
      {R"({"doubts": [[]]})", "doubts: found array instead of object"},
      {R"({"doubts": [{}]})", "doubts: key 'kind' not found"},
      {R"({"doubts": [{"kind": null}]})", "doubts: found null instead of string"},
      {R"({"doubts": [{"kind": "x", "classes": "y"}]})", "doubts: found string instead of array"},
      {R"({"doubts": [{"kind": "x", "classes": [1]}]})", "doubts: found number instead of string"},
      {R"({"data_doubts": true})", "data_doubts: found boolean instead of array"}};
  for (const auto& [text, why] : cases) {
    WriteFileAtomically(folder_ / "scores/report.json", text);
    const Json doubts = Run().metrics["doubts"];
    ASSERT_EQ(doubts.size(), 1U) << text;
    EXPECT_THAT(doubts[0].get<std::string>(),
                AllOf(HasSubstr("what score-videos doubted is not known"),
                      HasSubstr("report.json: " + std::string(why)),
                      HasSubstr("score again to know"), Not(HasSubstr("exception"))));
  }
}

TEST_F(EvaluatedDoubts, ALostReportIsADoubtIfThereWasOne) {
  EXPECT_EQ(Run().metrics["doubts"], Json::array());
  WriteFileAtomically(folder_ / "scores/DONE", "");
  const Json doubts = Run().metrics["doubts"];
  ASSERT_EQ(doubts.size(), 1U);
  EXPECT_THAT(doubts[0].get<std::string>(),
              AllOf(HasSubstr("report.json: no such file"), HasSubstr("score again to know")));
  MakeFolders(folder_ / "scores/report.json");
  EXPECT_THAT(Run().metrics["doubts"].dump(), HasSubstr("report.json: not a regular file"));
}

}  // namespace
}  // namespace reel3d::test
