// Runs explain-mistakes like a user, on shards that score-videos scored, and shows its heat on the
// page of report-run.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lib/base/file.h"
#include "tests/train/score_tool.h"

namespace reel3d::test {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

class ExplainMistakes : public ScoreTool {
 protected:
  // Scores and evaluates the run `name`, whose network learned for one epoch and answers few videos
  // rightly.
  static void MakeRun(const std::string& name, const Words& more = {}) {
    MakeFolders(At(name));
    ASSERT_EQ(RunCommand(ScoreCommand(Shards(), name + "/scores", more)).exit_status, 0);
    ASSERT_EQ(RunCommand({ToolPath("evaluate-scores").string(), At(name + "/scores"),
                          At(name + "/evaluation")})
                  .exit_status,
              0);
  }

  static CommandResult Explain(const std::string& name) {
    return RunCommand({ToolPath("explain-mistakes").string(), "--threads", "1",
                       At("to_score/checkpoints/latest"), Shards(), At(name)});
  }

  static Json HeatOf(const std::string& name) {
    return Json::parse(ReadFile(At(name + "/heat.json")));
  }

  // Returns the number of pictures with heat on the run's page.
  static size_t NumPicturesWithHeat(const std::string& name) {
    const auto made = RunCommand({ToolPath("report-run").string(), At(name), At("page.html")});
    EXPECT_EQ(made.exit_status, 0) << made.err;
    const std::string page = ReadFile(At("page.html"));
    const std::string begin = "alt=\"where the network sees it: ";
    size_t count = 0;
    for (size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
      ++count;
    }
    return count;
  }

  // Returns a row of predictions.tsv of a wrongly answered video, with its line break.
  static std::string MistakeOf(const std::string& name) {
    std::istringstream lines(ReadFile(At(name + "/evaluation/predictions.tsv")));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string id, label, predicted;
      fields >> id >> label >> predicted;
      if (id != "id" && label != predicted) {
        return line + "\n";
      }
    }
    return "";
  }
};

TEST_F(ExplainMistakes, ThePageShowsHeatOverTheScoredClips) {
  MakeRun("mine");
  EXPECT_EQ(NumPicturesWithHeat("mine"), 0U);
  const auto explained = Explain("mine");
  ASSERT_EQ(explained.exit_status, 0) << explained.err;
  const Json heat = HeatOf("mine");
  const Json report = Json::parse(ReadFile(At("mine/scores/report.json")));
  EXPECT_EQ(heat["checkpoint"], report["checkpoint"]);
  EXPECT_EQ(heat["data"], report["inputs"][1]["identity"]);
  EXPECT_EQ(heat["clip"], report["clip"]);
  ASSERT_GE(heat["clips"].size(), 1U);
  for (const Json& clip : heat["clips"]) {
    int highest = 0;
    for (const Json& frame : clip["heat"]) {
      EXPECT_EQ(frame.size(), size_t{24 * 24});
      highest = std::max(highest, std::max_element(frame.begin(), frame.end())->get<int>());
    }
    EXPECT_TRUE(highest == 255 || highest == 0) << clip["id"];
  }
  EXPECT_EQ(NumPicturesWithHeat("mine"), 6 * heat["clips"].size());

  // Scores with other crops have other clips, so the heat is not theirs.
  fs::remove_all(At("mine/scores"));
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "mine/scores", {"--crops", "3"})).exit_status, 0);
  EXPECT_EQ(NumPicturesWithHeat("mine"), 0U);
  EXPECT_THAT(ReadFile(At("page.html")), HasSubstr("is of clips that were cut otherwise"));
}

TEST_F(ExplainMistakes, OneBadRowCostsItsHeatAlone) {
  MakeRun("bad_row");
  ASSERT_EQ(Explain("bad_row").exit_status, 0);
  const size_t num_clips = HeatOf("bad_row")["clips"].size();
  const std::string row = MistakeOf("bad_row");
  const fs::path file = At("bad_row/evaluation/predictions.tsv");
  WriteFileAtomically(file, ReadFile(file) + "nowhere" + row.substr(row.find('\t')));
  const auto explained = Explain("bad_row");
  ASSERT_EQ(explained.exit_status, 0) << explained.err;
  EXPECT_THAT(explained.err, HasSubstr("nowhere has no heat: the shards do not hold this video"));
  EXPECT_EQ(HeatOf("bad_row")["clips"].size(), num_clips);
}

TEST_F(ExplainMistakes, WithoutTheAnswersGoodHeatStays) {
  MakeRun("no_answers");
  ASSERT_EQ(Explain("no_answers").exit_status, 0);
  const std::string heat = ReadFile(At("no_answers/heat.json"));
  const fs::path file = At("no_answers/evaluation/predictions.tsv");
  const std::string answers = ReadFile(file);
  const std::string header = answers.substr(0, answers.find('\n') + 1);
  const std::string mistake = MistakeOf("no_answers");
  const auto expect = [&](const std::string& why) {
    const auto refused = Explain("no_answers");
    EXPECT_EQ(refused.exit_status, 3) << refused.out;
    EXPECT_THAT(refused.err, HasSubstr(why));
    EXPECT_EQ(ReadFile(At("no_answers/heat.json")), heat);
  };
  WriteFileAtomically(file, header);
  expect("no video has a label there");
  WriteFileAtomically(file, answers + "cut");
  expect("run evaluate-scores, then explain-mistakes again");
  WriteFileAtomically(file, header + "nowhere" + mistake.substr(mistake.find('\t')));
  expect("no heat for the 1 wrongly answered video to explain");
  fs::remove(file);
  expect("predictions.tsv");
  fs::remove_all(At("no_answers/evaluation"));
  expect("no_answers/evaluation is missing");
}

TEST_F(ExplainMistakes, WithoutMistakesThereIsNothingToExplain) {
  MakeRun("no_mistakes");
  const std::string row = MistakeOf("no_mistakes");
  std::istringstream fields(row);
  std::string id, label, predicted;
  fields >> id >> label >> predicted;
  const fs::path file = At("no_mistakes/evaluation/predictions.tsv");
  const std::string answers = ReadFile(file);
  WriteFileAtomically(file, answers.substr(0, answers.find('\n') + 1) + id + "\t" + predicted +
                                row.substr(id.size() + 1 + label.size()));
  fs::remove(At("no_mistakes/evaluation/suspect_labels.tsv"));
  const auto explained = Explain("no_mistakes");
  EXPECT_EQ(explained.exit_status, 0) << explained.err;
  EXPECT_THAT(explained.out, HasSubstr("no video is answered wrongly"));
}

TEST_F(ExplainMistakes, ClipsInRandomOrderHaveNoHeat) {
  MakeRun("shuffled", {"--shuffle-frames"});
  const auto refused = Explain("shuffled");
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_THAT(refused.err, HasSubstr("scored with frames in random order (--shuffle-frames)"));
  EXPECT_FALSE(fs::exists(At("shuffled/heat.json")));
}

}  // namespace
}  // namespace reel3d::test
