// Checks the slices of evaluate-scores that nobody has asked for: by the index of the scored
// shards, or by a table of measure-videos beside them.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/known_slices.h"

#include <fmt/format.h>

#include <map>

#include "lib/shard/shard_set.h"
#include "tests/pipeline/small_evaluation.h"

namespace reel3d::test {
namespace fs = std::filesystem;
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class KnownSlicesTest : public SmallEvaluation {
 protected:
  KnownSlicesTest() { options_.slices.clear(); }

  // Writes the tables of shards with the scored videos, whose shards are never opened. Returns
  // their fingerprint.
  std::string WriteShards(const fs::path& folder, int frames_of_a = 50) const {
    MakeFolders(folder);
    WriteIndex(folder / "index.tsv", {{0, 0, "a", 1, Subset::kValidation, frames_of_a, 25},
                                      {0, 1, "b", 0, Subset::kValidation, 50, 12.5},
                                      {0, 2, "c", 1, Subset::kValidation, 10, 0},
                                      {0, 3, "d", 1, Subset::kTraining, 10, 25}});
    WriteShardList(folder / "shards.tsv", {{0, "0123456789abcdef0123456789abcdef"}});
    WriteClasses(folder / "classes.txt", {"rise", "fall"});
    WriteMissing(folder / "missing.tsv", {});
    WriteFileAtomically(folder / "DONE", FormatTableChecksums(folder));
    return fmt::format("{:08x}", ShardSet(folder).fingerprint());
  }

  // Says in report.json that the scores are of shards in `folder`.
  void SayThatScored(const std::string& folder, const std::string& data, bool from_videos = false) {
    for (Scores& part : parts_) {
      part.data = data;
    }
    const Json inputs = {{{"path", "checkpoint"}, {"identity", "step-00000010"}},
                         {{"path", folder}, {"identity", data}}};
    WriteFileAtomically(
        folder_ / "scores/report.json",
        Json({{"inputs", inputs}, {"clip", {{"from_videos", from_videos}}}}).dump());
  }

  // Evaluates into a new folder. Returns column and value of each slice, and keeps the log.
  std::string Slices() {
    options_.overwrite = true;
    testing::internal::CaptureStderr();
    Run();
    log_ = testing::internal::GetCapturedStderr();
    std::string slices;
    const Json metrics = Json::parse(Output("metrics.json"));
    for (const Json& slice : metrics["slices"]) {
      slices += slice["column"].get<std::string>() + " " + slice["value"].get<std::string>() + "\n";
    }
    return slices;
  }

  // Writes a table that was measured on these data.
  void Measure(const fs::path& table, const std::string& data) const {
    WriteFileAtomically(table,
                        fmt::format("id\tnum_frames\tfps\tbrightness\tmotion\tsource_height\t"
                                    "data_fingerprint\n"
                                    "a\t50\t25\t100.5\t\t240\t{0}\n"
                                    "b\t50\t25\t20\t3\t360\t{0}\n"
                                    "c\t10\t25\t20\t4\t\t{0}\n",
                                    data));
  }

  std::string log_;
};

constexpr const char* kOfWindows = "windows 1\nwindows 2\n";
constexpr const char* kOfIndex =
    "windows 1\nwindows 2\nduration_s 2\nduration_s 4\nduration_s (none)\n"
    "fps 12.5\nfps 25\nfps (none)\n";
constexpr const char* kMeasured =
    "windows 1\nwindows 2\nduration_s 0.4\nduration_s 2\nbrightness 20\nbrightness 100.5\n"
    "motion 3\nmotion 4\nmotion (none)\nsource_height 240\nsource_height 360\n"
    "source_height (none)\n";

TEST_F(KnownSlicesTest, TheIndexOfTheScoredShardsIsFoundBesideTheScores) {
  SayThatScored("elsewhere/shards", WriteShards(folder_ / "shards"));
  EXPECT_EQ(Slices(), kOfIndex);
  EXPECT_EQ(log_, "");
}

TEST_F(KnownSlicesTest, TheIndexOfTheScoredShardsIsFoundWhereTheReportSays) {
  const fs::path shards = folder_ / "data/packed";
  SayThatScored(shards.string(), WriteShards(shards));
  WriteShards(folder_ / "shards", 60);  // other data
  EXPECT_EQ(Slices(), kOfIndex);
  EXPECT_EQ(log_, "");
}

TEST_F(KnownSlicesTest, AMeasuredTableHasMoreThanTheIndex) {
  const std::string data = WriteShards(folder_ / "shards");
  SayThatScored("elsewhere/shards", data);
  Measure(folder_ / "measured.tsv", data);
  EXPECT_EQ(Slices(), kMeasured);
  EXPECT_EQ(log_, "");  // a motion that is not known is the slice (none)
}

// The shards were packed and scored anew, and the table is from before.
TEST_F(KnownSlicesTest, AMeasuredTableOfOtherDataIsPassedOverWithAWarning) {
  const std::string data = WriteShards(folder_ / "shards");
  SayThatScored("elsewhere/shards", data);
  Measure(folder_ / "measured.tsv", "0000abcd");
  EXPECT_EQ(Slices(), kOfIndex);
  EXPECT_THAT(log_, AllOf(HasSubstr("a table for slices is passed over: "),
                          HasSubstr("measured.tsv was measured on data 0000abcd (line 2), and the "
                                    "scores are of data " +
                                    data + ": make it again with measure-videos --overwrite")));
}

// Earlier versions of measure-videos did not write the fingerprint.
TEST_F(KnownSlicesTest, AMeasuredTableOfUnknownDataIsPassedOverWithAWarning) {
  SayThatScored("elsewhere/shards", WriteShards(folder_ / "shards"));
  WriteFileAtomically(folder_ / "measured.tsv", "id\tbrightness\na\t3\nb\t4\nc\t4\n");
  EXPECT_EQ(Slices(), kOfIndex);
  EXPECT_THAT(log_, HasSubstr("measured.tsv has no column data_fingerprint, so it may be of other "
                              "data than was scored: make it again"));
}

TEST_F(KnownSlicesTest, ATableOfOtherDataThatIsNamedIsTakenWithAWarning) {
  SayThatScored("elsewhere/shards", "0123abcd");
  options_.slices = folder_ / "table.tsv";
  Measure(options_.slices, "0123abcd");
  const std::string slices = Slices();
  EXPECT_THAT(slices, AllOf(HasSubstr("brightness 20\n"), Not(HasSubstr("fingerprint"))));
  EXPECT_THAT(log_, Not(HasSubstr("was measured on")));
  Measure(options_.slices, "0000abcd");
  EXPECT_EQ(Slices(), slices);
  EXPECT_THAT(log_, HasSubstr("table.tsv was measured on data 0000abcd (line 2), and the scores "
                              "are of data 0123abcd: unless the videos are the same, make it"));
}

// The data of such scores are named in another way than shards, so no table can be of them.
TEST_F(KnownSlicesTest, ATableIsTakenForScoresOfVideoFilesOnlyIfItIsNamed) {
  SayThatScored("videos.tsv", "videos of 0123abcd", true);
  const fs::path table = folder_ / "measured.tsv";
  Measure(table, "0123abcd");
  EXPECT_EQ(Slices(), kOfWindows);
  EXPECT_THAT(log_, HasSubstr("a table for slices is passed over: " + table.string() +
                              " is of shards, and the scores are of video files: if they are the "
                              "same videos, give --slices " +
                              table.string() + "\n"));
  EXPECT_THAT(log_, Not(HasSubstr("--overwrite")));
  options_.slices = table;
  EXPECT_THAT(Slices(), HasSubstr("brightness 20\n"));
  EXPECT_THAT(log_, Not(HasSubstr("measured on")));
}

TEST_F(KnownSlicesTest, AMeasuredTableIsFoundBesideTheShardsThatTheReportNames) {
  SayThatScored((folder_ / "data/packed").string(), "0000abcd");
  MakeFolders(folder_ / "data/packed");
  Measure(folder_ / "data/measured.tsv", "0000abcd");
  EXPECT_EQ(Slices(), kMeasured);
}

TEST_F(KnownSlicesTest, AMeasuredTableBesideShardsOfOtherDataIsNotTaken) {
  const fs::path shards = folder_ / "data/packed";
  SayThatScored(shards.string(), "0000abcd");
  WriteShards(shards);
  Measure(folder_ / "data/measured.tsv", "0000abcd");
  EXPECT_EQ(Slices(), kOfWindows);
}

TEST_F(KnownSlicesTest, ATableOfOtherVideosIsPassedOverWithAWarning) {
  SayThatScored("elsewhere/shards", WriteShards(folder_ / "shards"));
  WriteFileAtomically(folder_ / "measured.tsv", "id\tfps\nx\t25\n");
  EXPECT_EQ(Slices(), kOfIndex);
  EXPECT_THAT(log_, AllOf(HasSubstr("warning a table for slices is passed over: "),
                          HasSubstr("measured.tsv names none of the 3 scored videos")));
  WriteFileAtomically(folder_ / "measured.tsv", "");  // measure-videos failed
  EXPECT_EQ(Slices(), kOfIndex);
  EXPECT_EQ(log_, "");
}

TEST_F(KnownSlicesTest, ShardsThatAreGoneAreSaidInOneLine) {
  SayThatScored("elsewhere/shards", "0000abcd");
  EXPECT_EQ(Slices(), kOfWindows);
  EXPECT_THAT(log_, HasSubstr("slices are made of the number of windows only: there is no "
                              "measured.tsv beside the scores, and elsewhere/shards is gone"));
  EXPECT_EQ(std::count(log_.begin(), log_.end(), '\n'), 1);
  WriteShards(folder_ / "shards", 60);
  EXPECT_EQ(Slices(), kOfWindows);
}

TEST_F(KnownSlicesTest, ShardsThatNobodyCanLookForAreGone) {
  SayThatScored(std::string(5000, 'x') + "/shards", "0000abcd");
  EXPECT_EQ(Slices(), kOfWindows);
  EXPECT_THAT(log_, HasSubstr("x/shards is gone"));
}

TEST_F(KnownSlicesTest, NothingIsSaidWhereNoShardsWereScored) {
  EXPECT_EQ(Slices(), kOfWindows);
  EXPECT_EQ(log_, "");
  SayThatScored("videos.tsv", "0000abcd", true);
  EXPECT_EQ(Slices(), kOfWindows);
  EXPECT_EQ(log_, "");
  WriteFileAtomically(folder_ / "scores/report.json", R"({"inputs": [3], "clip": 4})");
  EXPECT_EQ(Slices(), kOfWindows);
}

TEST_F(KnownSlicesTest, NoneLeavesThemOut) {
  const std::string data = WriteShards(folder_ / "shards");
  SayThatScored("elsewhere/shards", data);
  Measure(folder_ / "measured.tsv", data);
  options_.slices = "none";
  EXPECT_EQ(Slices(), kOfWindows);
  options_.slice_by = {"fps"};
  EXPECT_THROW(options_.Check(), Error);
}

// Returns the content of all files of an evaluation that hold no times and no names of folders.
std::map<std::string, std::string> FilesIn(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    files[entry.path().filename().string()] = ReadFile(entry.path());
  }
  files.erase("report.json");
  return files;
}

TEST_F(KnownSlicesTest, ARunThatWasMovedGivesTheSameBytes) {
  const fs::path here = folder_ / "here";
  MakeFolders(here);
  SayThatScored((here / "shards").string(), WriteShards(here / "shards"));
  Slices();  // writes the scores
  fs::rename(folder_ / "scores", here / "scores");
  options_.scores_dir = here / "scores";
  options_.out_dir = here / "evaluation";
  RunEvaluateScores(options_);
  const auto before = FilesIn(here / "evaluation");
  EXPECT_THAT(before.at("slices.tsv"), AllOf(HasSubstr("duration_s\t4"), Not(HasSubstr("here"))));
  fs::rename(here, folder_ / "there");
  options_.scores_dir = folder_ / "there/scores";
  options_.out_dir = folder_ / "there/evaluation";
  RunEvaluateScores(options_);
  EXPECT_EQ(FilesIn(folder_ / "there/evaluation"), before);
}

}  // namespace
}  // namespace reel3d::test
