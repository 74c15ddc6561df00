// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/inspect_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "lib/data/passport.h"
#include "lib/eval/score_file.h"
#include "lib/ledger/start_record.h"
#include "lib/shard/shard_set.h"
#include "lib/video/prepared_video.h"
#include "pipeline/stages/frame_export.h"
#include "pipeline/stages/inspect_passport.h"
#include "pipeline/stages/inspection_text.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/stage_output.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class InspectFileTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) { return (folder_ / name).string(); }
  std::string Complaint(const std::string& name) {
    try {
      InspectFile(Path(name));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "nothing was thrown";
  }
  test::TemporaryFolder folder_;
};

TEST_F(InspectFileTest, ReadsAPreparedVideoToItsEnd) {
  PreparedVideoWriter writer(Path("a.mkv"), {48, 32, 25, 1});
  for (int frame = 0; frame < 5; ++frame) {
    writer.Write(test::MakeJpeg({48, 32}, frame), frame / 25.0);
  }
  writer.Finish();
  const auto json = InspectFile(Path("a.mkv"));
  EXPECT_EQ(json["kind"], "prepared video");
  EXPECT_EQ(json["num_frames"], 5);
  EXPECT_EQ(json["width"], 48);
  EXPECT_EQ(json["fps"], "25/1");
  const std::string whole = ReadFile(Path("a.mkv"));
  WriteFileAtomically(Path("cut.mkv"), whole.substr(0, whole.size() / 2));
  EXPECT_THAT(Complaint("cut.mkv"), HasSubstr("cut.mkv"));
}

TEST_F(InspectFileTest, ShowsAPassportAndHowTwoDiffer) {
  Passport passport;
  passport.list["format"] = "csv";
  passport.shards["num_frames"] = 1200;
  passport.counts[{Subset::kTraining, "run"}] = {10, 9, 7, 1};
  passport.counts[{Subset::kTraining, "walk"}] = {5, 5, 5, 0};
  std::filesystem::create_directories(Path("shards"));
  WriteFileAtomically(Path("shards/shards.tsv"), "shard\tuuid\n");
  passport.shards[Passport::kOfShards] = FileIdentity(Path("shards/shards.tsv"));
  WritePassport(Path("shards/passport.json"), passport);
  const auto json = InspectFile(Path("shards/passport.json"));
  EXPECT_EQ(json["list"]["format"], "csv");
  EXPECT_EQ(json["subsets"][0].dump(), R"({"subset":"training","expected":15,"found":14,)"
                                       R"("missing":1,"packed":12,"not_packed":2,"short":1})");
  EXPECT_EQ(json["rows"].size(), 2U);
  EXPECT_THAT(FormatInspection(json, 0), HasSubstr("subset    expected"));

  const nlohmann::ordered_json of_shards =
      std::exchange(passport.shards, nlohmann::ordered_json::object());
  WritePassport(Path("videos.passport.json"), passport);
  EXPECT_FALSE(InspectFile(Path("videos.passport.json"))["rows"][0].contains("not_packed"))
      << "nothing was packed yet, so nothing is lost";

  passport.shards = of_shards;
  WriteFileAtomically(Path("videos.tsv"), "id\n");
  passport.list[Passport::kOfManifest] = FileIdentity(Path("videos.tsv"));
  passport.counts.erase({Subset::kTraining, "walk"});
  passport.counts.at({Subset::kTraining, "run"}).packed = 8;
  WritePassport(Path("videos.passport.json"), passport);
  const auto difference = ComparePassports(Path("shards"), Path("videos.tsv"));
  EXPECT_EQ(difference["differences"], 6) << "one count of run, four of walk, the checksum";
  EXPECT_EQ(difference["rows"][1].dump(),
            R"({"what":"training: run: packed","first":"7","second":"8"})");
  EXPECT_THROW(ComparePassports(Path("shards"), folder_.path()), Error);
  EXPECT_THROW(ComparePassports(Path("shards"), Path("absent")), Error);
  WriteFileAtomically(Path("videos.tsv"), "id\nedited\n");
  EXPECT_THROW(ComparePassports(Path("shards"), Path("videos.tsv")), Error);
}

TEST_F(InspectFileTest, CountsAManifest) {
  Manifest manifest;
  for (const auto& [id, label, subset] :
       {std::tuple("a", "jump", Subset::kTraining), std::tuple("b", "jump", Subset::kValidation),
        std::tuple("c", "wave", Subset::kTraining), std::tuple("d", "", Subset::kTesting)}) {
    VideoRow row;
    row.id = id;
    row.path = "x.mp4";
    row.label = label;
    row.subset = subset;
    manifest.videos.push_back(row);
  }
  WriteManifest(Path("videos.tsv"), manifest);
  const auto json = InspectFile(Path("videos.tsv"));
  EXPECT_EQ(json["kind"], "manifest");
  EXPECT_EQ(json["num_videos"], 4);
  EXPECT_EQ(json["rows"].size(), 3U);
  EXPECT_EQ(json["rows"][1].dump(), R"({"class":"jump","training":1,"validation":1,"testing":0})");
  EXPECT_EQ(FormatInspection(json, 2),
            "kind                 manifest\n"
            "num_videos           4\n"
            "\n"
            "class  training  validation  testing\n"
            "              0           0        1\n"
            "jump          1           1        0\n"
            "... and 1 more: --rows 0 prints all\n");
  EXPECT_THAT(FormatInspection(json, 0), HasSubstr("wave          1           0        0\n"));
}

TEST_F(InspectFileTest, DescribesAShardAndAnIndex) {
  test::WriteShard(folder_ / "00000.h5", test::MakeSmallShard());
  const auto shard = InspectFile(Path("00000.h5"));
  EXPECT_EQ(shard["kind"], "shard");
  EXPECT_EQ(shard["num_frames"], 9);
  EXPECT_EQ(shard["rows"][0].dump(),
            R"({"id":"first","class":"wave","num_frames":5,"width":48,"height":32,)"
            R"("fps":29.97002997002997,"restart_interval":4})");
  EXPECT_EQ(shard["rows"][1]["class"], "");

  WriteIndex(Path("index.tsv"), {{0, 0, "a", 1, Subset::kTraining, 5, 25},
                                 {0, 1, "b", 1, Subset::kValidation, 6, 25},
                                 {3, 0, "c", 1, Subset::kTraining, 7, 25}});
  const auto index = InspectFile(Path("index.tsv"));
  EXPECT_EQ(index["num_shards"], 2);
  EXPECT_EQ(index["num_frames"], 18);
  EXPECT_EQ(index["rows"][0].dump(), R"({"subset":"training","num_videos":2,"num_frames":12})");
}

TEST_F(InspectFileTest, DescribesScores) {
  Scores scores;
  scores.checkpoint = "step-00000012";
  scores.data = "0badcafe";
  scores.subset = "validation";
  scores.num_videos_expected = 2;
  scores.classes = {"jump", "wave"};
  scores.videos = {{"a", 1}, {"b", -1}};
  scores.clips = {{0, 0, 16}, {0, 16, 16}, {1, 0, 9}};
  scores.logits = {0, 1, 2, 3, 4, 5};
  WriteScores(Path("scores-00000.h5"), scores);
  const auto json = InspectFile(Path("scores-00000.h5"));
  EXPECT_EQ(json["kind"], "scores");
  EXPECT_EQ(json["checkpoint"], "step-00000012");
  EXPECT_EQ(json["num_clips"], 3);
  EXPECT_EQ(json["rows"].dump(), R"([{"id":"a","class":"wave","num_clips":2},)"
                                 R"({"id":"b","class":"","num_clips":1}])");
}

TEST_F(InspectFileTest, DescribesTheFolderOfAStage) {
  WriteFileAtomically(Path("config.ini"), "");
  EXPECT_EQ(InspectFile(folder_.path().string())["finished"], false);
  WriteFileAtomically(Path("report.json"), R"({"tool": "prep-videos", "num_videos": 3})");
  WriteFileAtomically(Path("failed.tsv"), FormatFailedItems({{"x", "prep", "no frames"}}));
  WriteFileAtomically(Path("DONE"), "");
  const auto json = InspectFile(folder_.path().string());
  EXPECT_EQ(json["finished"], true);
  EXPECT_EQ(json["num_videos"], 3);
  EXPECT_EQ(json["rows"][0]["reason"], "no frames");
  WriteFileAtomically(Path("report.json"), "[");
  EXPECT_THAT(Complaint(""), HasSubstr("report.json"));
}

// A list of objects is shown as a table. A value inside an object has the object's name and its
// own.
TEST_F(InspectFileTest, ShowsNoJsonToPeople) {
  WriteFileAtomically(Path("config.ini"), "");
  WriteFileAtomically(
      Path("report.json"),
      R"({"tool": "prep-videos", "inputs": [{"path": "videos.tsv", "identity": "0bad"},
          {"path": "a\u001b", "identity": "cafe"}], "warnings": {"a": ["x", "y"], "b": []},
          "odd": [{"a": 1}, {"b": 2}], "none": null})");
  EXPECT_EQ(FormatInspection(InspectFile(folder_.path().string()), 1),
            "kind                 folder of a stage\n"
            "finished             false\n"
            "tool                 prep-videos\n"
            "warnings a           x, y\n"
            "warnings b           \n"
            "odd                  [{\"a\":1},{\"b\":2}]\n"
            "none                 null\n"
            "\n"
            "inputs:\n"
            "path        identity\n"
            "videos.tsv  0bad\n"
            "... and 1 more: --rows 0 prints all\n");
  EXPECT_THAT(FormatInspection(InspectFile(folder_.path().string()), 0),
              HasSubstr("a\\x1B       cafe\n"));
}

TEST_F(InspectFileTest, WritesTheFramesOfOneVideoAsTheyAreStored) {
  const test::SmallShard shard = test::MakeSmallShard();
  test::WriteShard(folder_ / "00000.h5", shard);
  const auto fault = [&](const std::string& file, const std::string& video, const char* folder) {
    try {
      ExportFrames(Path(file), video, Path(folder));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  constexpr size_t kFirstOfThird = 6;
  EXPECT_EQ(ExportFrames(Path("00000.h5"), "third", Path("frames")), 3);
  for (size_t frame = 0; frame < 3; ++frame) {
    const std::vector<uint8_t>& jpeg = shard.frames[kFirstOfThird + frame];
    EXPECT_EQ(ReadFile(folder_ / "frames" / fmt::format("{:06}.jpg", frame)),
              std::string(jpeg.begin(), jpeg.end()));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "frames" / "000003.jpg"));
  EXPECT_THAT(fault("00000.h5", "third", "frames"), HasSubstr("not an empty folder"));
  EXPECT_THAT(fault("00000.h5", "", "other"), HasSubstr("say which with --video"));
  EXPECT_THAT(fault("00000.h5", "fourth", "other"), HasSubstr("holds no video fourth"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other"));
  std::string bytes = ReadFile(Path("00000.h5"));
  const std::vector<uint8_t>& damaged = shard.frames[kFirstOfThird + 1];
  const size_t place = bytes.find(std::string(damaged.begin(), damaged.end()));
  ASSERT_NE(place, std::string::npos);
  bytes[place + damaged.size() / 2] ^= 1;
  WriteFileAtomically(Path("damaged.h5"), bytes);
  EXPECT_THAT(fault("damaged.h5", "third", "other"), HasSubstr("checksum"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other")) << "nothing half";
  EXPECT_EQ(ExportFrames(Path("damaged.h5"), "second", Path("with_slash/")), 1);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "with_slash" / "000000.jpg"));
  WriteFileAtomically(Path("videos.tsv"), "");
  EXPECT_THAT(fault("videos.tsv", "", "other"), HasSubstr("holds no frames"));
}

TEST_F(InspectFileTest, RefusesOtherFiles) {
  WriteFileAtomically(Path("notes.txt"), "x");
  WriteFileAtomically(Path("notes.tsv"), "x");
  WriteFileAtomically(Path("notes.h5"), "x");
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_THAT(Complaint("notes.txt"), HasSubstr("not a kind of file"));
  EXPECT_THAT(Complaint("notes.tsv"), HasSubstr("header"));
  EXPECT_THAT(Complaint("notes.h5"), HasSubstr("not such a file"));
  EXPECT_THAT(Complaint("empty"), HasSubstr("not a folder that a stage"));
  EXPECT_THAT(Complaint("absent"), HasSubstr("absent"));
}

// The newest starts of a long training are the ones that matter.
TEST_F(InspectFileTest, ShowsTheNewestStarts) {
  std::string starts;
  for (const int number : {1, 2, 3}) {
    StartRecord start;
    start.job = fmt::format("job{}", number);
    start.began_s = 1000.0 * number;
    start.at_s = start.began_s + 100;
    start.first_step = 10 * (number - 1);
    start.step = 10 * number;
    starts += FormatStart(start);
  }
  WriteFileAtomically(Path("starts.jsonl"), starts);
  const auto json = InspectFile(Path("starts.jsonl"));
  ASSERT_EQ(json["rows"].size(), 3U);
  const std::string newest = FormatInspection(json, 2);
  EXPECT_THAT(newest, Not(HasSubstr("job1")));
  EXPECT_LT(newest.find("1 earlier one: inspect-file --rows 0 prints all"), newest.find("job2"));
  EXPECT_LT(newest.find("job2"), newest.find("job3"));
  EXPECT_NE(newest.find("job3"), std::string::npos);
  for (const int all : {0, 3}) {
    EXPECT_THAT(FormatInspection(json, all), HasSubstr("job1"));
    EXPECT_THAT(FormatInspection(json, all), Not(HasSubstr("earlier")));
  }
}

TEST_F(InspectFileTest, TheToolPrintsTextOrOneObject) {
  WriteManifest(Path("videos.tsv"), {});
  const std::string tool = test::ToolPath("inspect-file").string();
  const test::CommandResult text = test::RunCommand({tool, Path("videos.tsv")});
  EXPECT_EQ(text.exit_status, kExitDone);
  EXPECT_THAT(text.out, HasSubstr("num_videos           0"));
  const test::CommandResult json = test::RunCommand({tool, "--json", Path("videos.tsv")});
  EXPECT_EQ(nlohmann::json::parse(json.out)["num_videos"], 0);
  EXPECT_EQ(test::RunCommand({tool, Path("absent")}).exit_status, kExitInput);
  EXPECT_EQ(test::RunCommand({tool}).exit_status, kExitUsage);
}

}  // namespace
}  // namespace reel3d
