// Scores data that are unlike those that the network was trained on.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "lib/base/json.h"
#include "lib/data/frame_facts.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "tests/train/score_tool.h"

namespace reel3d {
namespace {

using test::ScoreTool;
using test::ToolPath;
using test::Words;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

constexpr const char* kUnlike = "unlike the data of the training";

class ScoreUnlike : public ScoreTool {
 protected:
  // Copies the shards, with a passport that states other frames; those of the training have height
  // 48, quality 90 and the source's times.
  static std::string ShardsWith(const std::string& name, const std::optional<FrameFacts>& frames) {
    fs::copy(Shards(), At(name), fs::copy_options::recursive);
    Passport passport = ReadPassport(fs::path(At(name)) / Passport::kFileName).value();
    passport.shards.erase("frames");
    if (frames) {
      SetFrames(*frames, &passport);
    }
    WritePassport(fs::path(At(name)) / Passport::kFileName, passport);
    return At(name);
  }

  static void ExpectRefused(const Words& command, const testing::Matcher<std::string>& message) {
    const auto result = test::RunCommand(command);
    EXPECT_EQ(result.exit_status, 3) << result.err;
    EXPECT_THAT(result.err, message);
    EXPECT_FALSE(fs::exists(command.back()));
  }

  static std::string ExpectScored(const Words& command) {
    const auto result = test::RunCommand(command);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return result.err;
  }

  // Returns the command with another network.
  static Words With(const std::string& network, Words command) {
    command[command.size() - 3] = network;
    return command;
  }

  // Copies the checkpoint, with a passport that states another fact about the frames.
  static std::string NetworkOfFrames(const std::string& name, const char* key,
                                     const nlohmann::ordered_json& value) {
    fs::copy(fs::canonical(At("to_score/checkpoints/latest")), At(name),
             fs::copy_options::recursive);
    nlohmann::ordered_json state = ReadCheckpointState(At(name));
    state.at("passport").at("shards").at("frames")[key] = value;
    FinishCheckpoint(At(name), state["step"].get<int64_t>(), state);
    return At(name);
  }

  static std::string Converted(const std::string& name) {
    ExpectScored({ToolPath("convert-weights").string(), At("to_score/checkpoints/latest"),
                  At(name + ".safetensors")});
    return At(name + ".safetensors");
  }
};

TEST_F(ScoreUnlike, ThePassportsKeepHowFramesWerePrepared) {
  ExpectScored(ScoreCommand(Shards(), "alike"));
  for (const char* name : {Passport::kFileName, Passport::kTrainedOn}) {
    const auto passport = ReadPassport(fs::path(At("alike")) / name);
    ASSERT_TRUE(FrameFactsOf(passport)) << name;
    EXPECT_EQ(FrameFactsToJson(*FrameFactsOf(passport)),
              FrameFactsToJson({48, 0, 90, "source", "field"}));
    EXPECT_TRUE(DifferencesIn(passport).empty());
  }
}

TEST_F(ScoreUnlike, AnErrorStatesBothSidesAndWhatToDo) {
  const std::string shards = ShardsWith("all_other", FrameFacts{240, 0, 20, "5", "weave"});
  ExpectRefused(ScoreCommand(shards, "refused"),
                AllOf(HasSubstr(shards + ": " + kUnlike), HasSubstr("height 240 (training: 48)"),
                      HasSubstr("fps 5 (training: source)"), HasSubstr("quality 20 (training: 90)"),
                      HasSubstr("prepare the videos with height = 48, fps = source, quality = 90"),
                      HasSubstr("--allow height,fps,quality"), Not(HasSubstr("interlaced"))));
  ExpectRefused(ScoreCommand(shards, "refused", {"--allow", "height,quality"}),
                AllOf(HasSubstr("--allow fps"), Not(HasSubstr("height 240"))));
  const auto unknown = test::RunCommand(ScoreCommand(shards, "refused", {"--allow", "colour"}));
  EXPECT_EQ(unknown.exit_status, 2);
  EXPECT_THAT(unknown.err,
              HasSubstr("must be one of height, fps, quality, classes, normalisation"));
}

TEST_F(ScoreUnlike, WhatIsAllowedGoesWithTheFigures) {
  const std::string shards = ShardsWith("allowed_shards", FrameFacts{240, 0, 80, "5", "field"});
  const std::string sentence =
      "as --allow accepts: height 240 (training: 48), fps 5 (training: source); a little: quality "
      "80 (training: 90)";
  EXPECT_THAT(ExpectScored(ScoreCommand(shards, "allowed", {"--allow", "height,fps"})),
              HasSubstr(sentence));
  const auto differences = DifferencesIn(ReadPassport(fs::path(At("allowed")) / "passport.json"));
  ASSERT_EQ(differences.size(), 3U);
  EXPECT_EQ(differences[0].what, "height");
  EXPECT_EQ(differences[2].is_minor, true);

  const auto evaluated = test::RunCommand(
      {ToolPath("evaluate-scores").string(), At("allowed"), At("allowed_evaluated")});
  ASSERT_EQ(evaluated.exit_status, 0) << evaluated.err;
  EXPECT_THAT(evaluated.out, HasSubstr(sentence));
  EXPECT_THAT(ReadFile(At("allowed_evaluated/table.txt")), HasSubstr(sentence));
  const auto metrics = ReadJsonObject(At("allowed_evaluated/metrics.json"));
  EXPECT_EQ(metrics["training_differences"], DifferencesToJson(differences));
  EXPECT_THAT(metrics["doubts"].dump(), HasSubstr(sentence)) << "the report page shows doubts";

  // The option changes no score.
  ExpectScored(ScoreCommand(Shards(), "as_trained"));
  EXPECT_EQ(ReadScores(fs::path(At("allowed")) / "scores-00000.h5").settings,
            ReadScores(fs::path(At("as_trained")) / "scores-00000.h5").settings);
}

TEST_F(ScoreUnlike, SmallDifferencesAreOnlyWarnings) {
  const std::string shards = ShardsWith("minor_shards", FrameFacts{56, 0, 80, "constant", "weave"});
  const std::string log = ExpectScored(ScoreCommand(shards, "minor"));
  EXPECT_THAT(log, HasSubstr("the data differ a little from the training's: height 56 (training: "
                             "48), fps constant (training: source)"));
}

TEST_F(ScoreUnlike, WithoutAStatementNothingIsCompared) {
  const std::string old_shards = ShardsWith("old_shards", std::nullopt);
  EXPECT_THAT(ExpectScored(ScoreCommand(old_shards, "of_old_shards")),
              AllOf(HasSubstr("not compared with the frames of the training"),
                    HasSubstr("the same pack-shards command writes that")));
  fs::copy(fs::canonical(At("to_score/checkpoints/latest")), At("step-old"),
           fs::copy_options::recursive);
  nlohmann::ordered_json state = ReadCheckpointState(At("step-old"));
  state.erase("passport");
  FinishCheckpoint(At("step-old"), state["step"].get<int64_t>(), state);
  const std::string other = ShardsWith("other_shards", FrameFacts{240, 0, 20, "5", "weave"});
  EXPECT_THAT(ExpectScored(With(At("step-old"), ScoreCommand(other, "by_old_network"))),
              HasSubstr("the network does not say how those were prepared"));
}

TEST_F(ScoreUnlike, FramesOfATrainingThatCannotBePreparedAreNamed) {
  const std::string network = NetworkOfFrames("step-odd-frames", "fps", "abc");
  ExpectRefused(
      With(network, ScoreCommand(At("videos.tsv"), "by_odd_frames", {"--from-videos"})),
      HasSubstr("the network's passport states frames that cannot be prepared (--fps abc: source, "
                "constant, or a rate from 0.01 to 500 such as 25 or 30000/1001): give --height and "
                "the other options yourself"));
}

TEST_F(ScoreUnlike, DamagedFramesOfATrainingAreWarnedOfOnce) {
  const std::string network = NetworkOfFrames("step-damaged-frames", "height", -1);
  const std::string log = ExpectScored(With(network, ScoreCommand(Shards(), "by_damaged_frames")));
  const size_t warned = log.find("taken as not known");
  ASSERT_NE(warned, std::string::npos) << log;
  EXPECT_EQ(log.find("taken as not known", warned + 1), std::string::npos) << log;
}

TEST_F(ScoreUnlike, ConvertedWeightsKnowTheirFrames) {
  const std::string weights = Converted("converted");
  const std::string shards = ShardsWith("for_converted", FrameFacts{240, 0, 90, "source", "field"});
  ExpectRefused(With(weights, ScoreCommand(shards, "by_converted")),
                HasSubstr("height 240 (training: 48)"));
  ExpectScored(With(weights, ScoreCommand(Shards(), "by_converted")));
  EXPECT_TRUE(FrameFactsOf(ReadPassport(fs::path(At("by_converted")) / Passport::kTrainedOn)));
}

TEST_F(ScoreUnlike, AnotherNormalisationIsAnErrorAndOtherClipsAreAWarning) {
  const std::string weights = Converted("normalised");
  const auto score = [&](const char* out, const Words& more) {
    Words words = {"--preprocessing", At("white.ini")};
    words.insert(words.end(), more.begin(), more.end());
    return With(weights, ScoreCommand(Shards(), out, words));
  };
  WriteFileAtomically(At("white.ini"), "sample-size = 40\n");
  EXPECT_THAT(ExpectScored(score("other_clips", {})),
              HasSubstr("clip 16 frames in steps of 1, 40 pixels (training: 16 frames in steps of "
                        "1, 32 pixels)"));
  WriteFileAtomically(At("white.ini"), "sample-size = 32\nmean = 0,0,0\n");
  ExpectRefused(score("normalised", {}),
                AllOf(HasSubstr("mean 0 0 0"), HasSubstr("114.775 107.735 99.475"),
                      HasSubstr("leave out --preprocessing"), HasSubstr("--allow normalisation")));
  ExpectScored(score("normalised", {"--allow", "normalisation"}));
}

TEST_F(ScoreUnlike, OtherNamesOfClassesCanBeAllowedButNotAnotherOrder) {
  const std::string weights = Converted("named");
  std::vector<std::string> classes = ReadClasses(fs::path(Shards()) / "classes.txt");
  const auto score = [&](const Words& more) {
    WriteClasses(At("names.txt"), classes);
    Words words = {"--classes", At("names.txt")};
    words.insert(words.end(), more.begin(), more.end());
    return With(weights, ScoreCommand(Shards(), "renamed_classes", words));
  };
  std::swap(classes[0], classes[1]);
  ExpectRefused(score({"--allow", "classes"}),
                AllOf(HasSubstr("in another order"), Not(HasSubstr("--allow"))));
  std::swap(classes[0], classes[1]);
  classes[2] = "another";
  ExpectRefused(score({}), HasSubstr("--allow classes takes class by class"));
  EXPECT_THAT(ExpectScored(score({"--allow", "classes"})), HasSubstr("(training: 'another')"));
}

}  // namespace
}  // namespace reel3d
