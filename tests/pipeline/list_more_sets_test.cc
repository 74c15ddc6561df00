// Miniatures of further published data sets, as in list_published_sets_test.cc.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/pipeline/annotated_folder.h"

namespace reel3d {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

class ListMoreSetsTest : public ::testing::Test, public test::AnnotatedFolder {};

TEST_F(ListMoreSetsTest, MomentsInTime) {
  Annotate("moments_categories.txt", "yawning,0\nclapping,1\nadult+female+singing,2\n");
  Annotate("trainingSet.csv",
           "clapping/yt-aB3dE5f_12.mp4,clapping,3,0\n"
           "adult+female+singing/0P3XG_vf91c_35.mp4,adult+female+singing,4,1\n");
  Annotate("validationSet.csv", "yawning/_8zmP1e-EjU_2.mp4,yawning,3,2\n");
  Annotate("testingSet.csv", "zzz_1.mp4\n");
  Touch({"training/clapping/yt-aB3dE5f_12.mp4", "training/adult+female+singing/0P3XG_vf91c_35.mp4",
         "validation/yawning/_8zmP1e-EjU_2.mp4", "testing/zzz_1.mp4"});
  EXPECT_EQ(List().annotated->format, "moments");
  EXPECT_THAT(
      Rows(),
      ElementsAre("yt-aB3dE5f_12 | training/clapping/yt-aB3dE5f_12.mp4 | clapping | training |  | ",
                  "0P3XG_vf91c_35 | training/adult+female+singing/0P3XG_vf91c_35.mp4 | "
                  "adult+female+singing | training |  | ",
                  "_8zmP1e-EjU_2 | validation/yawning/_8zmP1e-EjU_2.mp4 | yawning | validation |  "
                  "| ",
                  "zzz_1 | testing/zzz_1.mp4 |  | testing |  | "));
  EXPECT_THAT(Classes(), ElementsAre("yawning", "clapping", "adult+female+singing"));
}

TEST_F(ListMoreSetsTest, MomentsWhoseFolderIsNotTheClassAreRefused) {
  Annotate("trainingSet.csv", "clapping/a.mp4,clapping,3,0\nclapping/b.mp4,yawning,3,0\n");
  Touch({"training/clapping/a.mp4"});
  EXPECT_THAT(Refusal(), HasSubstr("trainingSet.csv:2: the video lies in the folder 'clapping', "
                                   "but its class is 'yawning'"));
}

TEST_F(ListMoreSetsTest, MultiMomentsNeedADecisionAboutSeveralLabels) {
  Annotate("mmit_categories.txt", "yawning,0\nclapping,1\n");
  Annotate("trainingSet.csv", "a.mp4,1,0\nb.mp4,0\nmissing.mp4,0,1\n");
  Touch({"a.mp4", "b.mp4"});
  EXPECT_THAT(Refusal(), HasSubstr("trainingSet.csv:1: video 'a.mp4' has 2 labels, but a video is "
                                   "trained and judged with one: --several-labels first"));
  options.annotated.several_labels = SeveralLabels::kFirst;
  EXPECT_EQ(List().annotated->format, "multi-moments");
  EXPECT_EQ(ReadFile(folder / "out/videos.labels.tsv"),
            "id\tlabel\tsubset\na\tclapping\ttraining\na\tyawning\ttraining\n"
            "b\tyawning\ttraining\nmissing\tyawning\ttraining\nmissing\tclapping\ttraining\n");
  EXPECT_THAT(Rows(), ElementsAre("a | a.mp4 | clapping | training |  | ",
                                  "b | b.mp4 | yawning | training |  | "));
}

TEST_F(ListMoreSetsTest, SomethingSomethingV2NumbersAreStrings) {
  Annotate("something-something-v2-labels.json",
           R"({"Moving something up": "1", "Holding something": "0"})");
  Annotate("something-something-v2-train.json",
           R"([{"id": "101", "label": "holding cup", "template": "Holding [something]",
                "placeholders": ["cup"]}])");
  Annotate("something-something-v2-validation.json",
           R"([{"id": "102", "label": "moving pen up", "template": "Moving [something] up",
                "placeholders": ["pen"]}])");
  Annotate("something-something-v2-test.json", R"([{"id": "1420"}])");
  Touch({"20bn-something-something-v2/101.webm", "20bn-something-something-v2/102.webm",
         "20bn-something-something-v2/1420.webm"});
  EXPECT_EQ(List().annotated->format, "something-v2");
  EXPECT_THAT(Rows(),
              ElementsAre("101 | 20bn-something-something-v2/101.webm | Holding something "
                          "| training |  | ",
                          "102 | 20bn-something-something-v2/102.webm | Moving something "
                          "up | validation |  | ",
                          "1420 | 20bn-something-something-v2/1420.webm |  | testing |  | "));
  EXPECT_THAT(Classes(), ElementsAre("Holding something", "Moving something up"));
}

TEST_F(ListMoreSetsTest, JesterAndSomethingSomethingV1HaveSemicolons) {
  for (const char* name : {"jester-v1", "something-something-v1"}) {
    test::AnnotatedFolder set;
    const std::string prefix = name;
    set.Annotate(prefix + "-labels.csv", "Sliding Two Fingers Right\nDrumming Fingers\n");
    set.Annotate(prefix + "-train.csv", "34870;Drumming Fingers\n");
    set.Annotate(prefix + "-validation.csv", "56557;Sliding Two Fingers Right\n");
    set.Annotate(prefix + "-test.csv", "56558\n");
    set.Touch({"34870.mp4", "56557.mp4", "56558.mp4"});
    EXPECT_EQ(set.List().annotated->format,
              prefix.substr(0, 6) == "jester" ? "jester" : "something-v1");
    EXPECT_THAT(set.Rows(), ElementsAre("34870 | 34870.mp4 | Drumming Fingers | training |  | ",
                                        "56557 | 56557.mp4 | Sliding Two Fingers Right | "
                                        "validation |  | ",
                                        "56558 | 56558.mp4 |  | testing |  | "));
    EXPECT_THAT(set.Classes(), ElementsAre("Sliding Two Fingers Right", "Drumming Fingers"));
  }
}

TEST_F(ListMoreSetsTest, Diving48) {
  Annotate("Diving48_vocab.json",
           R"([["Back", "15som", "05Twis", "FREE"], ["Forward", "15som", "NoTwis", "PIKE"]])");
  Annotate("Diving48_V2_train.json",
           R"([{"vid_name": "-mmq0PT-u8k_00155", "label": 1, "start_frame": 0, "end_frame": 48}])");
  Annotate("Diving48_V2_test.json",
           R"([{"vid_name": "aB3dE5fG7h9_00012", "label": 0, "start_frame": 0, "end_frame": 61}])");
  Touch({"rgb/-mmq0PT-u8k_00155.mp4", "rgb/aB3dE5fG7h9_00012.mp4"});
  EXPECT_EQ(List().annotated->format, "diving48");
  EXPECT_THAT(Rows(), ElementsAre("-mmq0PT-u8k_00155 | rgb/-mmq0PT-u8k_00155.mp4 | "
                                  "Forward_15som_NoTwis_PIKE | training |  | ",
                                  "aB3dE5fG7h9_00012 | rgb/aB3dE5fG7h9_00012.mp4 | "
                                  "Back_15som_05Twis_FREE | validation |  | "));
  EXPECT_THAT(Classes(), ElementsAre("Back_15som_05Twis_FREE", "Forward_15som_NoTwis_PIKE"));
}

TEST_F(ListMoreSetsTest, HacsClipsCountsNegatives) {
  Annotate("HACS_clips_v1.1.csv",
           "classname,youtube_id,subset,start,end,label\n"
           "Archery,a2Xb3Yc4Zd5,training,15.5,17.5,1\n"
           "Archery,NUeF6gH7iJ8,training,77.5,79.5,-1\n"
           "Zumba,a2Xb3Yc4Zd5,training,15.5,17.5,1\n"
           "Zumba,-UeF6gH7iJ8,validation,1,3,1\n");
  Touch({"Archery/v_a2Xb3Yc4Zd5.mp4", "Zumba/v_a2Xb3Yc4Zd5.mp4", "Zumba/v_-UeF6gH7iJ8.mp4"});
  const ListVideosReport report = List();
  EXPECT_EQ(report.annotated->format, "hacs-clips");
  EXPECT_THAT(Rows(), ElementsAre("a2Xb3Yc4Zd5#1 | Archery/v_a2Xb3Yc4Zd5.mp4 | Archery | training "
                                  "| 15.5 | 17.5",
                                  "a2Xb3Yc4Zd5#2 | Zumba/v_a2Xb3Yc4Zd5.mp4 | Zumba | training | "
                                  "15.5 | 17.5",
                                  "-UeF6gH7iJ8 | Zumba/v_-UeF6gH7iJ8.mp4 | Zumba | validation | 1 "
                                  "| 3"));
  EXPECT_THAT(report.annotated->left_out,
              ElementsAre(Pair("a negative clip: it does not show its class", 1)));
}

TEST_F(ListMoreSetsTest, HacsSegmentsHaveDurationsAsStrings) {
  Annotate("HACS_segments_v1.1.1.json",
           R"({"database": {"a2Xb3Yc4Zd5": {"duration": "20.5", "subset": "training", "url": "u",
               "annotations": [{"label": "Archery", "segment": [2.5, 30]}]}}})");
  Touch({"Archery/v_a2Xb3Yc4Zd5.mp4"});
  EXPECT_EQ(List().annotated->format, "hacs-segments");
  EXPECT_THAT(Rows(), ElementsAre("a2Xb3Yc4Zd5 | Archery/v_a2Xb3Yc4Zd5.mp4 | Archery | training | "
                                  "2.5 | 20.5"));
}

TEST_F(ListMoreSetsTest, FineGymTakesExactTimesWhereItHasThem) {
  Annotate("gym99_train_element_v1.1.txt",
           "aB3dE5fG7h9_E_002407_002435_A_0003_0005 1\n"
           "aB3dE5fG7h9_E_002407_002435_A_0007_0009 0\n");
  Annotate("gym99_val_element.txt", "_B3dE5fG7h9_E_000010_000020_A_0001_0002 1\n");
  Annotate("finegym_annotation_info_v1.1.json",
           R"({"aB3dE5fG7h9": {"E_002407_002435": {"event": 1, "timestamps": [[2407.5, 2435.1]],
               "segments": {"A_0003_0005": {"timestamps": [[3.25, 4.0], [4.0, 5.5]], "stages": 2}}},
               "E_000001_000002": {"event": 2, "timestamps": [[1, 2]], "segments": null}}})");
  Touch({"aB3dE5fG7h9.mp4", "_B3dE5fG7h9_E_000010_000020_A_0001_0002.mp4"});
  EXPECT_EQ(List().annotated->format, "finegym");
  EXPECT_THAT(
      Rows(),
      ElementsAre("aB3dE5fG7h9_E_002407_002435_A_0003_0005 | aB3dE5fG7h9.mp4 | 1 | training | "
                  "2410.75 | 2413",
                  "aB3dE5fG7h9_E_002407_002435_A_0007_0009 | aB3dE5fG7h9.mp4 | 0 | training | 2414 "
                  "| 2416",
                  "_B3dE5fG7h9_E_000010_000020_A_0001_0002 | "
                  "_B3dE5fG7h9_E_000010_000020_A_0001_0002.mp4 | 1 | validation |  | "));
  EXPECT_THAT(Classes(), ElementsAre("0", "1"));
}

TEST_F(ListMoreSetsTest, Sports1MHasSeveralLabels) {
  Annotate("labels.txt", "3x3\nkata\ncurling\n");
  Annotate("train_partition.txt", "https://www.youtube.com/watch?v=aB3dE5fG7h9 2,1\n");
  Annotate("test_partition.txt", "https://www.youtube.com/watch?v=-B3dE5fG7h9 0\n");
  Touch({"aB3dE5fG7h9.mp4", "-B3dE5fG7h9.mp4"});
  options.annotated.several_labels = SeveralLabels::kFirst;
  EXPECT_EQ(List().annotated->format, "sports1m");
  EXPECT_THAT(Rows(), ElementsAre("aB3dE5fG7h9 | aB3dE5fG7h9.mp4 | curling | training |  | ",
                                  "-B3dE5fG7h9 | -B3dE5fG7h9.mp4 | 3x3 | validation |  | "));
  EXPECT_THAT(Classes(), ElementsAre("3x3", "kata", "curling"));
}

TEST_F(ListMoreSetsTest, ReferenceJsonCountsFrames) {
  Annotate("ucf101_01.json",
           R"({"labels": ["wave", "run"], "database": {
               "anna_wave": {"subset": "training",
                             "annotations": {"label": "wave", "segment": [1, 51]}},
               "ben_run": {"subset": "validation", "video_path": "elsewhere/ben_run",
                           "annotations": {"label": "run", "segment": [1, 26]}},
               "cleo": {"subset": "testing", "annotations": {}}}})");
  Touch({"wave/anna_wave.avi", "elsewhere/ben_run.mp4", "cleo.mp4"});
  const ListVideosReport report = List();
  EXPECT_EQ(report.annotated->format, "reference-json");
  EXPECT_THAT(Rows(), ElementsAre("anna_wave | wave/anna_wave.avi | wave | training |  | ",
                                  "ben_run | elsewhere/ben_run.mp4 | run | validation |  | ",
                                  "cleo | cleo.mp4 |  | testing |  | "));
  EXPECT_THAT(Classes(), ElementsAre("wave", "run"));
  // The segment [1, 51) counts frames from 1: 50 frames, 25 a second. Times are half a frame before
  // a frame, so the end is 2 - 0.02 s.
  options.annotated.annotation_fps = 25;
  options.overwrite = true;
  List();
  EXPECT_EQ(Rows().front(), "anna_wave | wave/anna_wave.avi | wave | training | 0 | 1.98");
}

constexpr const char* kUntrimmed = R"({"version": "VERSION 1.3", "database": {
  "aaa": {"subset": "validation", "duration": 90, "annotations": [
    {"label": "Baking", "segment": [40, 60]}, {"label": "Archery", "segment": [0, 10]},
    {"label": "Baking", "segment": [70, 80]}]},
  "bbb": {"subset": "training", "duration": 20, "annotations": [
    {"label": "Archery", "segment": [5, 9]}]},
  "ccc": {"subset": "testing", "duration": 20, "annotations": []},
  "ddd": {"subset": "validation", "duration": 20, "annotations": [
    {"label": "Archery", "segment": [1, 2]}]}}})";

TEST_F(ListMoreSetsTest, UntrimmedVideosAreListedWhole) {
  Annotate("activity_net.v1-3.min.json", kUntrimmed);
  Touch({"v_aaa.mp4", "bbb.mp4", "ccc.mp4"});
  List();
  EXPECT_THAT(Rows(), SizeIs(5));
  EXPECT_FALSE(std::filesystem::exists(folder / "out/videos.labels.tsv"));
  options.annotated.untrimmed = Untrimmed::kWhole;
  options.overwrite = true;
  List();
  EXPECT_THAT(Rows(), ElementsAre("aaa | v_aaa.mp4 | Baking | validation |  | ",
                                  "bbb | bbb.mp4 | Archery | training |  | ",
                                  "ccc | ccc.mp4 |  | testing |  | "));
  EXPECT_EQ(ReadFile(folder / "out/videos.labels.tsv"),
            "id\tlabel\tsubset\naaa\tBaking\tvalidation\naaa\tArchery\tvalidation\n"
            "bbb\tArchery\ttraining\nddd\tArchery\tvalidation\n");
  EXPECT_THAT(Classes(), ElementsAre("Archery", "Baking"));
}

TEST_F(ListMoreSetsTest, FilesOfPartsAreNoWholeVideos) {
  options.annotated.untrimmed = Untrimmed::kWhole;
  Annotate("train.csv", "label,youtube_id,time_start,time_end,split\nrun,aB3dE5f_123,1,11,train\n");
  Touch({"run/aB3dE5f_123_000001_000011.mp4"});
  try {
    List();
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("--untrimmed whole: files of the format kinetics-csv hold "
                                        "only parts of videos"));
  }
}

TEST_F(ListMoreSetsTest, ReferenceJsonOfPartsNeedsARate) {
  Annotate("activitynet.json",
           R"({"labels": ["a"], "database": {"v_x": {"subset": "training",
               "annotations": {"label": "a", "segment": [251, 501]}}}})");
  Touch({"a/v_x.mp4"});
  EXPECT_THAT(Refusal(), HasSubstr("the segment of 'v_x' begins with frame 251: --annotation-fps"));
}

}  // namespace
}  // namespace reel3d
