// Tests what a page shows beside the figures: what the files prove, the passport, long videos over
// time, and the order probe.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/report/read/run_reader.h"
#include "lib/report/read/timeline_reader.h"
#include "lib/report/sections/sections.h"
#include "tests/report/page_tables.h"
#include "tests/test_support.h"

namespace reel3d::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kList = "id\tlabel\n";
constexpr const char* kShards = "shard\tuuid\n0\tabc\n";

class Facts : public ::testing::Test {
 protected:
  Facts() {
    for (const char* stage : {"prepared", "shards", "train", "scores", "evaluation"}) {
      Write(std::string(stage) + "/DONE", "");
    }
    Write("videos.tsv", kList);
    Write("shards/shards.tsv", kShards);
    WritePassport("videos.passport.json", 9);
    for (const char* file :
         {"shards/passport.json", "evaluation/passport.json", "evaluation/trained_on.json"}) {
      WritePassport(file, 9);
    }
    Write("prepared/report.json", R"({"num_videos": 10, "num_done": 9})");
    Write("prepared/failed.tsv", "item\tstage\treason\na\tprep\tbroken\n");
    Write("shards/report.json", R"({"num_videos": 9, "num_packed": 9})");
    Write("train/report.json", R"({"inputs": [{"identity": "0a"}], "epochs": 3, "steps": 1500,
          "stopped_early": false, "num_bad_steps": 2, "num_damaged": 0})");
    Write("scores/report.json",
          R"({"inputs": [{"identity": "step-1"}, {"identity": "0a"}], "checkpoint": "step-1"})");
    Write("evaluation/report.json", R"({"checkpoint": "step-2", "data": "0a"})");
    Write("evaluation/metrics.json",
          R"({"num_videos": 4, "num_expected": 4, "frames_shuffled": false})");
  }

  void Write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = run_ / name;
    MakeFolders(file.parent_path());
    WriteFileAtomically(file, text);
  }
  void WritePassport(const std::string& name, int packed, int found = 10) {
    Write(name, FormatPassport(PassportWith(packed, found)));
  }
  static Passport PassportWith(int packed, int found) {
    Passport passport;
    passport.list = {{"manifest_crc32", PassportChecksum(kList)}, {"sources_in_two_subsets", 0}};
    passport.shards = {{"shards_crc32", PassportChecksum(kShards)}};
    passport.counts[{Subset::kTraining, "<rise>"}] = {10, found, packed, 1};
    passport.counts[{Subset::kTraining, "fall"}] = {5, 5, 5, 2};
    passport.counts[{Subset::kValidation, "fall"}] = {4, 4, 4, 0};
    return passport;
  }

  // Returns "yes", "no" or "–" and what was found of the only fact that has `words`.
  static std::string FactWith(const RunRecord& run, const std::string& words) {
    std::vector<std::string> found;
    for (const CheckedFact& fact : run.facts) {
      if (fact.what.find(words) != std::string::npos) {
        found.push_back((!fact.holds ? "-: " : *fact.holds ? "yes: " : "no: ") + fact.found);
      }
    }
    return found.size() == 1 ? found[0] : std::to_string(found.size()) + " facts";
  }

  test::TemporaryFolder folder_;
  std::filesystem::path run_ = folder_ / "run";
};

TEST_F(Facts, AreThoseOfTheFiles) {
  const RunRecord run = ReadRun(run_);
  EXPECT_EQ(FactWith(run, "every stage"), "yes: 5 stages");
  EXPECT_EQ(FactWith(run, "was prepared"), "no: 9 of 10, 1 in failed.tsv");
  EXPECT_EQ(FactWith(run, "in the shards"), "yes: 9 of 9, 0 in failed.tsv");
  EXPECT_EQ(FactWith(run, "videos.tsv is still"), "yes: the checksums agree");
  EXPECT_EQ(FactWith(run, "shards.tsv still"), "yes: the checksums agree");
  EXPECT_EQ(FactWith(run, "learned from"), "yes: the lists of videos are equal");
  EXPECT_EQ(FactWith(run, "two subsets"), "yes: 0 sources");
  EXPECT_EQ(FactWith(run, "last epoch"), "yes: 3 epochs, 1,500 steps");
  EXPECT_EQ(FactWith(run, "was finite"), "no: 2 bad steps");
  EXPECT_EQ(FactWith(run, "could read"), "yes: 0 damaged videos");
  EXPECT_EQ(FactWith(run, "those of training"), "yes: 0a");
  EXPECT_EQ(FactWith(run, "is the scored one"), "no: step-1 and step-2");
  EXPECT_EQ(FactWith(run, "has a score"), "yes: 4 of 4");
  EXPECT_EQ(FactWith(run, "in their order"), "yes: in order");
  EXPECT_EQ(FactWith(run, "was resumed"), "0 facts") << "there is no starts.jsonl";
}

TEST_F(Facts, ChangeWithTheFiles) {
  std::filesystem::remove(run_ / "train/DONE");
  Write("videos.tsv", std::string(kList) + "b\tfall\n");
  Write("shards/shards.tsv", "shard\tuuid\n0\tother\n");
  WritePassport("evaluation/trained_on.json", 9, 8);
  Write("evaluation/metrics.json",
        R"({"num_videos": 3, "num_expected": 4, "frames_shuffled": true})");
  const RunRecord run = ReadRun(run_);
  EXPECT_EQ(FactWith(run, "every stage"), "no: not finished: train-r3d");
  EXPECT_THAT(FactWith(run, "videos.tsv is still"), HasSubstr("no: "));
  EXPECT_THAT(FactWith(run, "shards.tsv still"), HasSubstr("is not the passport of"));
  EXPECT_EQ(FactWith(run, "learned from"), "no: the lists of videos differ in 1 value");
  EXPECT_EQ(FactWith(run, "has a score"), "no: 3 of 4");
  EXPECT_EQ(FactWith(run, "in their order"), "no: shuffled");
  const std::string page = MakeVerified({run}).html();
  EXPECT_THAT(page, HasSubstr("<tr class=\"marked\"><th scope=\"row\"><bdi>every stage"));
  EXPECT_THAT(page, Not(HasSubstr("says nothing about frames")));
}

TEST_F(Facts, OfAContinuedRunCountWhatWasKept) {
  Write("prepared/report.json", R"({"num_videos": 10, "num_done": 2, "num_skipped": 8})");
  Write("prepared/failed.tsv", "item\tstage\treason\n");
  EXPECT_EQ(FactWith(ReadRun(run_), "was prepared"), "yes: 10 of 10, 0 in failed.tsv");
  Write("prepared/report.json", R"({"num_videos": 10, "num_done": 2, "num_skipped": 7})");
  EXPECT_EQ(FactWith(ReadRun(run_), "was prepared"), "no: 9 of 10, 0 in failed.tsv");
}

// The passport of a file of weights has only facts of the frames.
TEST_F(Facts, OfWeightsDoNotNameTheirData) {
  Passport weights;
  weights.shards = {{"frames", {{"height", 240}}}};
  Write("evaluation/trained_on.json", FormatPassport(weights));
  const RunRecord run = ReadRun(run_);
  ASSERT_TRUE(run.trained_on.has_value());
  EXPECT_EQ(FactWith(run, "learned from"), "0 facts");
  const std::string page = MakePassport({run}).html();
  EXPECT_THAT(page, HasSubstr("the data set that was scored is not known"));
  EXPECT_THAT(page, Not(HasSubstr("from another data set")));
}

// With --from-videos the data's passport is that of the manifest: nothing is packed.
TEST_F(Facts, OfScoredVideosSayNothingOfShards) {
  Passport listed = PassportWith(0, 10);
  listed.shards = {{"differences", {{"height", "240 and 128"}}}};
  for (auto& [subset_and_class, counts] : listed.counts) {
    counts.packed = counts.num_short = 0;
  }
  Write("evaluation/passport.json", FormatPassport(listed));
  const std::string scored = R"("inputs": [{"identity": "step-1"}, {"identity": "0b"}]})";
  Write("scores/report.json", R"({"clip": {"from_videos": true}, )" + scored);
  const RunRecord run = ReadRun(run_);
  EXPECT_EQ(FactWith(run, "learned from"), "yes: the lists of videos are equal");
  EXPECT_EQ(FactWith(run, "those of training"), "0 facts");
  EXPECT_THAT(MakePassport({run}).html(), HasSubstr("learned from the data set that was scored."));
  for (const char* clip : {R"({"from_videos": false})", R"({"from_videos": 1})", "[true]", "7"}) {
    Write("scores/report.json", std::string(R"({"clip": )") + clip + ", " + scored);
    EXPECT_EQ(FactWith(ReadRun(run_), "those of training"), "no: 0a and 0b") << clip;
  }
}

TEST_F(Facts, OfDamagedFilesAreLeftOut) {
  for (const char* file :
       {"prepared/report.json", "train/report.json", "scores/report.json", "evaluation/report.json",
        "evaluation/metrics.json", "evaluation/passport.json", "videos.passport.json"}) {
    Write(file, "{\"inputs\": [7, {\"identity\": 8}], \"num_videos\": -1, \"num_done\": 1e300}");
  }
  const RunRecord run = ReadRun(run_);
  EXPECT_EQ(FactWith(run, "was prepared"), "0 facts");
  EXPECT_EQ(FactWith(run, "those of training"), "0 facts");
  EXPECT_THAT(FactWith(run, "videos.tsv is still"), HasSubstr("no: "));
  EXPECT_FALSE(MakeVerified({run}).empty());
}

TEST_F(Facts, ThePassportIsThatOfTheFiles) {
  WritePassport("evaluation/trained_on.json", 7, 8);
  const std::string page = MakePassport({ReadRun(run_)}).html();
  EXPECT_EQ(test::NumbersOf(page, "passport"),
            (test::PageTable{{"15", "15", "14", "3"}, {"4", "4", "4", "0"}}));
  EXPECT_EQ(test::NumbersOf(page, "passport_classes"),
            (test::PageTable{{"10", "10", "9", "1"}, {"5", "5", "5", "2"}, {"4", "4", "4", "0"}}));
  EXPECT_THAT(page, HasSubstr("&lt;rise&gt;"));
  EXPECT_THAT(page, HasSubstr(PassportChecksum(kShards)));
  EXPECT_EQ(test::TextsOf(page, "data_differences"),
            (test::PageTable{{"training: &lt;rise&gt;: found", "8", "10"}}))
      << "what is packed is no fact of the list";
  EXPECT_THAT(MakePassport({RunRecord()}).html(), HasSubstr("No run has the passport"));
}

TEST_F(Facts, TimelinesOfARunAreDrawn) {
  Write("timelines/film.tsv",
        "begin_s\tend_s\tclass\tprobability\tclass_2\tprobability_2\n"
        "0.000\t1.000\trise\t0.900000\t<fall>\t0.100000\n"
        "0.500\t1.500\t<fall>\t0.750000\trise\t0.250000\n"
        "0.100\t9.000\tback\t0.5\trise\t0.5\n"
        "1.000\t2.000\t<fall>\t0.500000\trise\t0.300000\n");
  Write("timelines/empty.tsv", "begin_s\tend_s\tclass\tprobability\n");
  Write("timelines/note.txt", "no table\n");
  const RunRecord run = ReadRun(run_);
  ASSERT_EQ(run.timelines.size(), 1U);
  const Content content = MakeTimelines({run});
  EXPECT_EQ(test::NumbersOf(content.html(), "timeline_1"),
            (test::PageTable{{"0.0", "1.0", "0.9", "0.1"},
                             {"0.5", "1.5", "0.75", "0.25"},
                             {"1.0", "2.0", "0.5", "0.3"}}));
  ASSERT_EQ(content.figures().size(), 1U);
  // The first window ends where the next one begins: 0.5 s of rise, 1.5 s of <fall>.
  EXPECT_THAT(content.figures()[0].alt, HasSubstr("Longest: <fall>, in 75.0 % of the time"));
  EXPECT_THAT(content.figures()[0].drawing.content, HasSubstr("rise: 90.0 % from 0.0 s to 0.5 s"));
  EXPECT_THAT(run.missing, ::testing::Contains(HasSubstr("film.tsv:4: this line is damaged")));
  EXPECT_THAT(run.missing, ::testing::Contains(HasSubstr("empty.tsv has no window")));
  std::vector<std::string> missing;
  EXPECT_THROW(ReadTimeline(run_ / "timelines/none.tsv", &missing), Error);
}

TEST_F(Facts, TheOrderProbeIsThatOfMetrics) {
  EXPECT_TRUE(MakeProbe({ReadRun(run_)}).empty());
  const std::string effect = R"("top1": 0.5, "difference": -0.25, "right_to_wrong": 3,
      "wrong_to_right": 1, "adjusted_p_value": 0.125, "falls": true)";
  const std::string effects = "\"shuffled\": {" + effect + ", \"interval_95\": [-0.5, -0.125]}, " +
                              "\"reversed\": {" + effect + "}, \"one_frame\": {" + effect + "}";
  Write("evaluation/metrics.json",
        "{\"order_probe\": {\"all\": {\"num_videos\": 8, \"top1\": 0.75, \"needs_order\": true, " +
            effects +
            "}, \"per_class\": [{\"class\": \"rise\", \"num_videos\": 4, \"top1\": 1.0, " +
            effects + "}, {\"class\": \"none\", \"num_videos\": 0, \"top1\": 0}]}}");
  const std::string page = MakeProbe({ReadRun(run_)}).html();
  const auto rows = test::NumbersOf(page, "order_probe");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"0.75", "", "", "", "", "", ""}));
  EXPECT_EQ(rows[1],
            (std::vector<std::string>{"0.5", "-0.25", "-0.5", "-0.125", "3", "1", "0.125"}));
  EXPECT_EQ(test::NumbersOf(page, "order_probe_classes"),
            (test::PageTable{{"4", "1.0", "0.5", "0.5", "0.5"}}));
  EXPECT_THAT(page, HasSubstr("what is needed: order."));
}

}  // namespace
}  // namespace reel3d::report
