// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/compare_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/frame_facts.h"
#include "lib/eval/score_file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::ordered_json;

class CompareScores : public ::testing::Test {
 protected:
  // Writes the scores of 40 videos. The first `num_wrong` videos get the other class.
  std::string Write(const std::string& name, int num_wrong,
                    const std::function<void(Scores*)>& change = {}) {
    Scores run;
    run.checkpoint = name;
    run.subset = "validation";
    run.num_videos_expected = 40;
    run.classes = {"rise", "fall"};
    for (int video = 0; video < 40; ++video) {
      run.videos.push_back(
          {"p" + std::to_string(video / 4) + "_" + std::to_string(video), video % 2});
      run.clips.push_back({static_cast<uint32_t>(video), 0, 16});
      const int answer = video < num_wrong ? 1 - video % 2 : video % 2;
      run.logits.push_back(answer == 0 ? 2.0F : 0.0F);
      run.logits.push_back(answer == 0 ? 0.0F : 2.0F);
    }
    if (change) {
      change(&run);
    }
    MakeFolders(folder_ / name);
    WriteScores(folder_ / (name + "/scores-00000.h5"), run);
    return folder_ / name;
  }

  CompareScoresReport Compare(const std::vector<std::string>& folders) {
    options_.scores_dirs = folders;
    return RunCompareScores(options_);
  }

  void ExpectRefused(const std::vector<std::string>& folders, ErrorKind kind, const char* why) {
    try {
      Compare(folders);
      ADD_FAILURE() << why;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  }

  test::TemporaryFolder folder_;
  CompareScoresOptions options_;
};

TEST_F(CompareScores, OtherwisePreparedFramesAreNamed) {
  const std::string a = Write("a", 12);
  const std::string b = Write("b", 2);
  EXPECT_THAT(Compare({a, b}).text, Not(HasSubstr("prepared otherwise")));
  Passport passport;
  SetFrames({240, 0, 90, "source", "field"}, &passport);
  WritePassport(a + "/passport.json", passport);
  EXPECT_THAT(Compare({a, b}).text, Not(HasSubstr("prepared otherwise"))) << "b says nothing";
  SetFrames({360, 0, 90, "source", "field"}, &passport);
  WritePassport(b + "/passport.json", passport);
  const CompareScoresReport report = Compare({a, b});
  EXPECT_THAT(report.text, HasSubstr("the frames that " + b +
                                     " scored were prepared otherwise: "
                                     "height 360 (" +
                                     a + ": 240)\nthe runs differ in checkpoint"));
  const Json& found = report.figures["comparisons"][0]["frames_differ"];
  EXPECT_EQ(found, Json({{"height", {{"first", "240"}, {"run", "360"}}}}));
}

TEST_F(CompareScores, DamagedFramesOfTheFirstRunAreWarnedOfOnce) {
  const std::string a = Write("a", 12);
  Passport passport;
  passport.shards["frames"]["height"] = -1;
  WritePassport(a + "/passport.json", passport);
  testing::internal::CaptureStderr();
  Compare({a, Write("b", 2), Write("c", 3)});
  const std::string log = testing::internal::GetCapturedStderr();
  const size_t warned = log.find("taken as not known");
  ASSERT_NE(warned, std::string::npos) << log;
  EXPECT_EQ(log.find("taken as not known", warned + 1), std::string::npos) << log;
}

TEST_F(CompareScores, TheVerdictComesFirst) {
  const std::string a = Write("a", 12);
  const std::string b = Write("b", 2);
  const CompareScoresReport report = Compare({a, b});
  EXPECT_THAT(report.text, StartsWith(b + " is better than " + a +
                                      ": 95.00 % against 70.00 % top-1, +25.00 points"));
  const Json& found = report.figures["comparisons"][0];
  EXPECT_EQ(found["verdict"], "better");
  EXPECT_EQ(found["top1"]["videos"]["wrong_to_right"], 10);
  EXPECT_EQ(found["top1"]["videos"]["right_to_wrong"], 0);
  EXPECT_DOUBLE_EQ(found["top1"]["mcnemar_p"], 2.0 / 1024);
  EXPECT_THAT(Compare({b, a}).text, HasSubstr(" is worse than "));
}

TEST_F(CompareScores, EachRunIsComparedWithTheFirst) {
  options_.margin = 7;
  const CompareScoresReport report =
      Compare({Write("a", 12), Write("b", 2), Write("c", 12), Write("d", 13)});
  ASSERT_EQ(report.figures["comparisons"].size(), 3U);
  EXPECT_EQ(report.figures["comparisons"][1]["verdict"], "equivalent");
  EXPECT_EQ(report.figures["comparisons"][2]["verdict"], "undecided");
  EXPECT_THAT(report.text, HasSubstr("top-1 differs by less than 7 points"));
  EXPECT_THAT(report.text, HasSubstr("Undecided: 40 videos are too few"));
}

TEST_F(CompareScores, FortyEqualVideosDoNotShowHalfAPoint) {
  const CompareScoresReport report = Compare({Write("a", 12), Write("copy", 12)});
  EXPECT_EQ(report.figures["comparisons"][0]["verdict"], "undecided");
  EXPECT_THAT(report.text, HasSubstr("+0.00 points (95 % interval -8.76 to +8.76)"));
}

TEST_F(CompareScores, SaysInWhatTheRunsDiffer) {
  const auto with = [](const char* checkpoint, const char* data, const char* settings) {
    return [=](Scores* run) {
      run->checkpoint = checkpoint;
      run->data = data;
      run->settings = settings;
    };
  };
  const std::string a = Write("a", 2, with("step 5", "d0", "tail = loop;crops = 1;"));
  const std::string b = Write("b", 3, with("step 5", "d1", "tail = loop;crops = 3;probe = none;"));
  const std::string c = Write("c", 3, with("step 5", "d0", "tail = loop;crops = 1;"));
  const CompareScoresReport report = Compare({a, b, c});
  EXPECT_THAT(report.text,
              HasSubstr("the runs differ in data: d1 against d0; crops: 3 against 1; probe: none "
                        "against (none)\n"));
  EXPECT_THAT(report.text, HasSubstr("the runs have the same checkpoint, data and settings"));
  const Json& comparisons = report.figures["comparisons"];
  EXPECT_EQ(comparisons[0]["differences"][1],
            Json({{"what", "crops"}, {"first", "1"}, {"run", "3"}}));
  EXPECT_TRUE(comparisons[1]["differences"].empty());
}

TEST_F(CompareScores, WritesTables) {
  options_.out_dir = folder_ / "out";
  const std::string b = Write("b", 0);
  const CompareScoresReport report = Compare({Write("a", 2), b});
  EXPECT_EQ(Json::parse(ReadFile(folder_ / "out/comparison.json")), report.figures);
  EXPECT_EQ(ReadFile(folder_ / "out/comparison.txt"), report.text);
  EXPECT_EQ(ReadFile(folder_ / "out/flips.tsv"),
            "run\tid\tlabel\tanswer_first\tanswer_run\tright_is\n" + b +
                "\tp0_0\trise\tfall\trise\trun\n" + b + "\tp0_1\tfall\trise\tfall\trun\n");
  EXPECT_THAT(ReadFile(folder_ / "out/per_class.tsv"),
              HasSubstr("\trise\t20\t0.950000\t1.000000\t0\t1\t1\t1\n"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/DONE"));
}

TEST_F(CompareScores, LabelsThatAllRunsDisagreeWithAreSuspect) {
  options_.out_dir = folder_ / "out";
  Compare({Write("a", 3), Write("b", 2), Write("c", 12)});
  EXPECT_EQ(ReadFile(folder_ / "out/suspect_labels.tsv"),
            "id\tlabel\tanswer\tmargin\np0_0\trise\tfall\t0.761594\np0_1\tfall\trise\t0.761594\n");
}

TEST_F(CompareScores, GroupsAreDrawnTogether) {
  const std::string a = Write("a", 8);
  const std::string b = Write("b", 0);
  EXPECT_EQ(Compare({a, b}).figures["comparisons"][0]["verdict"], "better");
  options_.intervals.group_regex = "^(p[0-9])_";
  const Json grouped = Compare({a, b}).figures["comparisons"][0];
  EXPECT_EQ(grouped["num_drawn"], 10);
  EXPECT_EQ(grouped["verdict"], "undecided");  // the eight videos show two of ten people
}

TEST_F(CompareScores, RefusesWhatCannotBeCompared) {
  const std::string a = Write("a", 1);
  ExpectRefused({a, a}, ErrorKind::kUsage, "are the same folder: name two runs");
  std::filesystem::create_directory_symlink(a, folder_ / "link");
  ExpectRefused({a, folder_ / "link"}, ErrorKind::kUsage, "are the same folder");
  ExpectRefused({a}, ErrorKind::kUsage, "needs two folders");
  ExpectRefused({a, folder_ / "none"}, ErrorKind::kInput, "none");
  ExpectRefused({a, Write("order", 1,
                          [](Scores* run) {
                            run->classes = {"fall", "rise"};
                          })},
                ErrorKind::kInput, "the same classes in another order");
  ExpectRefused({a, Write("classes", 1,
                          [](Scores* run) {
                            run->classes = {"fall", "run"};
                          })},
                ErrorKind::kInput, "rise is only in");
  ExpectRefused({a, Write("label", 1, [](Scores* run) { run->videos[7].label = 0; })},
                ErrorKind::kInput, "video p1_7 is fall in");
  ExpectRefused({a, Write("ids", 1,
                          [](Scores* run) {
                            for (ScoredVideo& video : run->videos) {
                              video.id = "x" + video.id;
                            }
                          })},
                ErrorKind::kInput, "have no video in common");
  ExpectRefused({a, Write("unlabelled", 1,
                          [](Scores* run) {
                            for (ScoredVideo& video : run->videos) {
                              video.label = -1;
                            }
                            run->videos.resize(1);
                            run->clips.resize(1);
                            run->logits.resize(2);
                            run->videos[0].id = "y";
                          })},
                ErrorKind::kInput, "have no video in common");
  ExpectRefused({a, Write("infinite", 1, [](Scores* run) { run->logits[3] = INFINITY; })},
                ErrorKind::kInput, "clip 1 (video p0_1, first frame 0) has a logit of inf");
  ExpectRefused({a, Write("empty", 1,
                          [](Scores* run) {
                            run->videos.clear();
                            run->clips.clear();
                            run->logits.clear();
                          })},
                ErrorKind::kInput, "has no clip of any of the 40 videos");
  const std::string cut = Write("cut", 1);
  const std::string bytes = ReadFile(cut + "/scores-00000.h5");
  WriteFileAtomically(cut + "/scores-00000.h5", bytes.substr(0, bytes.size() / 2));
  ExpectRefused({a, cut}, ErrorKind::kInput, "the same score-videos command makes it again");
  const auto first_of_two = [](Scores* run) { run->num_parts = 2; };
  const std::string mixed = Write("mixed", 1, first_of_two);
  const std::string other = Write("other", 1, [](Scores* run) {
    run->num_parts = 2;
    run->part = 1;
  });
  std::filesystem::copy(other + "/scores-00000.h5", mixed + "/scores-00001.h5");
  ExpectRefused({a, mixed}, ErrorKind::kInput, "is not of the same checkpoint as");
  ExpectRefused({a, Write("part", 1, [](Scores* run) { run->num_parts = 2; })}, ErrorKind::kInput,
                "lacks 1 of 2 parts");
}

TEST_F(CompareScores, AsATool) {
  const std::string tool = test::ToolPath("compare-scores");
  const std::string a = Write("a", 12);
  const std::string b = Write("b", 2);
  const test::CommandResult text = test::RunCommand({tool, a, b});
  EXPECT_EQ(text.exit_status, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(StartsWith(b + " is better than "), HasSubstr("late fusion")));
  const test::CommandResult json = test::RunCommand({tool, "--json", "--margin", "50", a, b});
  EXPECT_EQ(Json::parse(json.out)["comparisons"][0]["verdict"], "equivalent");
  EXPECT_EQ(test::RunCommand({tool, a}).exit_status, 2);
  EXPECT_EQ(test::RunCommand({tool, a, a}).exit_status, 2);
  EXPECT_EQ(test::RunCommand({tool, a, folder_ / "none"}).exit_status, 3);
}

}  // namespace
}  // namespace reel3d
