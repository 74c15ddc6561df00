// A miniature of each published data set in its exact layout. The expected rows are written by
// hand.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "tests/pipeline/annotated_folder.h"

namespace reel3d {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class ListPublishedSetsTest : public ::testing::Test, public test::AnnotatedFolder {};

constexpr const char* kKinetics400Train =
    "label,youtube_id,time_start,time_end,split,is_cc\n"
    "\"air drumming\",-A0bCdEfGhI,17,27,train,0\n"
    "abseiling,_jKlMnOpQrS,104,114,train,1\n"
    "\"shooting goal (soccer)\",tUvWxYz0123,0.0,10.0,train,0\n";

TEST_F(ListPublishedSetsTest, Kinetics400OfTheOfficialCrawler) {
  Annotate("kinetics-400_train.csv", kKinetics400Train);
  Annotate("kinetics-400_val.csv",
           "label,youtube_id,time_start,time_end,split,is_cc\r\n"
           "abseiling,4567890abcd,9,19,validate,0\r\n"
           "abseiling,-missing-it,1,11,val,0\r\n");
  Annotate("kinetics-400_test.csv",
           "youtube_id,time_start,time_end,split\n"
           "--1aB2cD3eF,2,12,test\n");
  Touch({"train/air drumming/-A0bCdEfGhI_000017_000027.mp4",
         "train/abseiling/_jKlMnOpQrS_000104_000114.mp4",
         "train/shooting goal (soccer)/tUvWxYz0123_000000_000010.mp4",
         "val/abseiling/4567890abcd_000009_000019.mkv", "test/--1aB2cD3eF_000002_000012.mp4",
         "train/abseiling/._jKlMnOpQrS_000104_000114.mp4",
         "train/abseiling/extra_000001_000002.mp4",
         "val/abseiling/-missing-it_000001_000011.mp4.part"});
  const ListVideosReport report = List();
  EXPECT_THAT(
      Rows(),
      ElementsAre(
          "-A0bCdEfGhI_000017_000027 | train/air drumming/-A0bCdEfGhI_000017_000027.mp4 | "
          "air drumming | training |  | ",
          "_jKlMnOpQrS_000104_000114 | train/abseiling/_jKlMnOpQrS_000104_000114.mp4 | "
          "abseiling | training |  | ",
          "tUvWxYz0123_000000_000010 | train/shooting goal "
          "(soccer)/tUvWxYz0123_000000_000010.mp4 | shooting goal (soccer) | training |  | ",
          "4567890abcd_000009_000019 | val/abseiling/4567890abcd_000009_000019.mkv | abseiling | "
          "validation |  | ",
          "--1aB2cD3eF_000002_000012 | test/--1aB2cD3eF_000002_000012.mp4 |  | testing |  | "));
  EXPECT_THAT(Missing(), ElementsAre("-missing-it_000001_000011 | abseiling | validation | there "
                                     "is no such file"));
  EXPECT_THAT(Classes(), ElementsAre("abseiling", "air drumming", "shooting goal (soccer)"));
  EXPECT_EQ(report.annotated->format, "kinetics-csv");
  EXPECT_TRUE(report.annotated->is_guess);
  EXPECT_THAT(report.annotated->rules,
              UnorderedElementsAre(Pair("<id>_<begin>_<end>, in its class's folder", 4),
                                   Pair("<id>_<begin>_<end>, in no folder of a class", 1)));
  EXPECT_THAT(report.annotated->some_extra, ElementsAre("train/abseiling/extra_000001_000002.mp4"));
  EXPECT_THAT(report.ToText(), HasSubstr("validation           2         1         1"));
}

TEST_F(ListPublishedSetsTest, Kinetics400OfCvdfIsFlatAndReplacementsComeFirst) {
  Annotate("train.csv", kKinetics400Train);
  Annotate("test.csv",
           "label,youtube_id,time_start,time_end,split\n"
           "abseiling,--1aB2cD3eF,2,12,test\n");
  Touch({"train/-A0bCdEfGhI_000017_000027.mp4", "train/_jKlMnOpQrS_000104_000114.mp4",
         "replacement/replacement_for_corrupted_k400/_jKlMnOpQrS.mp4",
         "replacement/replacement_for_corrupted_k400/tUvWxYz0123_000000_000010.mp4",
         "test/--1aB2cD3eF_000002_000012.mp4"});
  Touch({"train/tUvWxYz0123_000000_000010.mp4"}, "");
  const ListVideosReport report = List();
  EXPECT_THAT(
      Rows(),
      ElementsAre("-A0bCdEfGhI_000017_000027 | train/-A0bCdEfGhI_000017_000027.mp4 | air drumming "
                  "| training |  | ",
                  "_jKlMnOpQrS_000104_000114 | "
                  "replacement/replacement_for_corrupted_k400/_jKlMnOpQrS.mp4 | abseiling | "
                  "training |  | ",
                  "tUvWxYz0123_000000_000010 | "
                  "replacement/replacement_for_corrupted_k400/tUvWxYz0123_000000_000010.mp4 | "
                  "shooting goal (soccer) | training |  | ",
                  "--1aB2cD3eF_000002_000012 | test/--1aB2cD3eF_000002_000012.mp4 | abseiling | "
                  "testing |  | "));
  EXPECT_EQ(report.annotated->rules.at("replacement/<id>..., in no folder of a class"), 2);
}

TEST_F(ListPublishedSetsTest, KineticsOfMmaction2AndTorchvisionSpellFoldersOtherwise) {
  Annotate("kinetics_train.csv", kKinetics400Train);
  // The same clip is in several folders. The file in the folder of its class and subset is taken.
  Touch({"videos_train/air_drumming/-A0bCdEfGhI_000017_000027.mp4",
         "videos_val/air_drumming/-A0bCdEfGhI_000017_000027.mp4",
         "aaa/-A0bCdEfGhI_000017_000027.mp4",
         "train/shooting_goal_soccer/tUvWxYz0123_000000_000010.avi",
         "train/shooting_goal_soccer/_jKlMnOpQrS_000104_000114.avi"});
  const ListVideosReport report = List();
  EXPECT_THAT(Rows(),
              ElementsAre("-A0bCdEfGhI_000017_000027 | "
                          "videos_train/air_drumming/-A0bCdEfGhI_000017_000027.mp4 | air drumming "
                          "| training |  | ",
                          "_jKlMnOpQrS_000104_000114 | "
                          "train/shooting_goal_soccer/_jKlMnOpQrS_000104_000114.avi | abseiling | "
                          "training |  | ",
                          "tUvWxYz0123_000000_000010 | "
                          "train/shooting_goal_soccer/tUvWxYz0123_000000_000010.avi | shooting "
                          "goal (soccer) | training |  | "));
  EXPECT_EQ(report.annotated->rules.at("<id>_<begin>_<end>, in another class's folder"), 1);
}

TEST_F(ListPublishedSetsTest, KineticsOfWholeVideosIsCut) {
  Annotate("train.csv",
           "label,youtube_id,time_start,time_end,split\n"
           "abseiling,-A0bCdEfGhI,17,27.0,train\n"
           "abseiling,-A0bCdEfGhI,40,50,train\n"
           "abseiling,_jKlMnOpQrS,104,114,train\n"
           "abseiling,otherZeros_,7,17,train\n");
  Touch({"-A0bCdEfGhI.mp4", "v__jKlMnOpQrS.mp4", "otherZeros__0007_0017.mp4"});
  List();
  EXPECT_THAT(Rows(), ElementsAre("-A0bCdEfGhI_000017_000027 | -A0bCdEfGhI.mp4 | abseiling | "
                                  "training | 17 | 27",
                                  "-A0bCdEfGhI_000040_000050 | -A0bCdEfGhI.mp4 | abseiling | "
                                  "training | 40 | 50",
                                  "_jKlMnOpQrS_000104_000114 | v__jKlMnOpQrS.mp4 | abseiling | "
                                  "training | 104 | 114",
                                  "otherZeros__000007_000017 | otherZeros__0007_0017.mp4 | "
                                  "abseiling | training |  | "));
}

TEST_F(ListPublishedSetsTest, Kinetics600TextFileHasTheFormOfTheCsv) {
  Annotate("train.txt",
           "\xEF\xBB\xBFlabel,youtube_id,time_start,time_end,split\n"
           "mountain climber (exercise),-A0bCdEfGhI,17,27,train\n");
  Touch({"mountain climber (exercise)/-A0bCdEfGhI_000017_000027.mp4"});
  EXPECT_EQ(List().annotated->format, "kinetics-csv");
  EXPECT_EQ(Rows().size(), 1U);
}

TEST_F(ListPublishedSetsTest, Kinetics700Json) {
  Annotate("train.json",
           R"({"-A0bCdEfGhI": {"annotations": {"label": "air drumming", "segment": [17.0, 27.0]},
               "duration": 10.0, "subset": "train",
               "url": "https://www.youtube.com/watch?v=-A0bCdEfGhI"}})");
  Annotate("validate.json",
           R"({"_jKlMnOpQrS": {"annotations": {"label": "abseiling", "segment": [104.0, 114.0]},
               "duration": 10.0, "subset": "validate", "url": "https://youtu.be/_jKlMnOpQrS"}})");
  Annotate("test.json",
           R"({"--1aB2cD3eF": {"duration": 10.0, "subset": "test", "url": "https://youtu.be/x"}})");
  Touch({"train/-A0bCdEfGhI_000017_000027.mp4", "val/_jKlMnOpQrS_000104_000114.mp4",
         "test/--1aB2cD3eF_000002_000012.mp4"});
  EXPECT_EQ(List().annotated->format, "kinetics-json");
  EXPECT_THAT(Rows(),
              ElementsAre("-A0bCdEfGhI_000017_000027 | train/-A0bCdEfGhI_000017_000027.mp4 | air "
                          "drumming | training |  | ",
                          "_jKlMnOpQrS_000104_000114 | val/_jKlMnOpQrS_000104_000114.mp4 | "
                          "abseiling | validation |  | ",
                          "--1aB2cD3eF | test/--1aB2cD3eF_000002_000012.mp4 |  | testing |  | "));
}

TEST_F(ListPublishedSetsTest, ActivityNetHasSegmentsOfLongVideos) {
  Annotate("activity_net.v1-3.min.json", R"({"version": "VERSION 1.3", "database": {
    "-1aB2cD3eF4": {"duration": 20.0, "subset": "training", "resolution": "320x240",
      "url": "https://www.youtube.com/watch?v=-1aB2cD3eF4", "annotations": [
        {"label": "Archery", "segment": [2.5, 9.0]}, {"label": "Archery", "segment": [11.0, 23.5]},
        {"label": "Archery", "segment": [9, 9]}, {"label": "Archery", "segment": [8, 7]},
        {"label": "Zumba", "segment": [2.5, 9.0]}, {"label": "Zumba", "segment": [21, 22]}]},
    "_2aB2cD3eF4": {"duration": 5.5, "subset": "validation", "annotations": [
        {"label": "Zumba", "segment": [0, 5.5]}]},
    "32345678901": {"duration": 8.0, "subset": "testing", "annotations": []},
    "not-on-disk": {"duration": 8.0, "subset": "testing", "annotations": []}},
    "taxonomy": [{"nodeName": "Root", "nodeId": 0, "parentName": null, "parentId": null},
                 {"nodeName": "Archery", "nodeId": 1, "parentName": "Root", "parentId": 0}]})");
  Touch({"v1-3/train_val/v_-1aB2cD3eF4.mkv", "v1-3/train_val/_2aB2cD3eF4.webm",
         "v1-3/test/v_32345678901.mp4"});
  const ListVideosReport report = List();
  EXPECT_THAT(
      Rows(),
      ElementsAre("-1aB2cD3eF4#1 | v1-3/train_val/v_-1aB2cD3eF4.mkv | Archery | training | 2.5 | 9",
                  "-1aB2cD3eF4#2 | v1-3/train_val/v_-1aB2cD3eF4.mkv | Archery | training | 11 | 20",
                  "-1aB2cD3eF4#3 | v1-3/train_val/v_-1aB2cD3eF4.mkv | Zumba | training | 2.5 | 9",
                  "_2aB2cD3eF4 | v1-3/train_val/_2aB2cD3eF4.webm | Zumba | validation | 0 | 5.5",
                  "32345678901 | v1-3/test/v_32345678901.mp4 |  | testing |  | "));
  EXPECT_THAT(Missing(), ElementsAre("not-on-disk |  | testing | there is no such file"));
  EXPECT_THAT(report.annotated->left_out,
              UnorderedElementsAre(Pair("a segment that does not end after its begin", 2),
                                   Pair("a segment that begins behind the video's end", 1)));
  EXPECT_THAT(report.annotated->changed,
              UnorderedElementsAre(Pair("a segment that ended behind the video's end", 1)));
}

class Ucf101Test : public ListPublishedSetsTest {
 protected:
  Ucf101Test() {
    Annotate("classInd.txt", "1 ApplyEyeMakeup\r\n2 Archery\r\n3 HandstandPushups\r\n");
    Annotate("trainlist01.txt",
             "Archery/v_Archery_g08_c01.avi 2\r\n"
             "HandstandPushups/v_HandStandPushups_g08_c01.avi 3\r\n");
    Annotate("testlist01.txt",
             "Archery/v_Archery_g01_c01.avi\r\nApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi\r\n");
    Annotate("trainlist02.txt", "Archery/v_Archery_g01_c01.avi 2\n");
    Annotate("testlist02.txt", "Archery/v_Archery_g08_c01.avi\n");
  }
};

TEST_F(Ucf101Test, SplitIsChosenAndClassesKeepTheOrderOfClassInd) {
  // Folder and file name spell the class with other capital letters than the lists.
  Touch({"UCF-101/Archery/v_Archery_g08_c01.avi", "UCF-101/Archery/v_Archery_g01_c01.avi",
         "UCF-101/HandStandPushups/v_HandstandPushups_g08_c01.avi"});
  by_folder = true;
  options.annotated.split = 1;
  const ListVideosReport report = List();
  EXPECT_EQ(report.annotated->format, "ucf101");
  EXPECT_THAT(Rows(), UnorderedElementsAre(
                          "v_Archery_g08_c01 | UCF-101/Archery/v_Archery_g08_c01.avi | Archery | "
                          "training |  | ",
                          "v_HandStandPushups_g08_c01 | "
                          "UCF-101/HandStandPushups/v_HandstandPushups_g08_c01.avi | "
                          "HandstandPushups | training |  | ",
                          "v_Archery_g01_c01 | UCF-101/Archery/v_Archery_g01_c01.avi | Archery | "
                          "validation |  | "));
  EXPECT_THAT(Missing(), ElementsAre("v_ApplyEyeMakeup_g01_c01 | ApplyEyeMakeup | validation | "
                                     "there is no such file"));
  EXPECT_THAT(Classes(), ElementsAre("ApplyEyeMakeup", "Archery", "HandstandPushups"));
  EXPECT_EQ(report.annotated->class_order, "classInd.txt");
  options.annotated.split = 2;
  options.overwrite = true;
  List();
  EXPECT_EQ(Rows().front(),
            "v_Archery_g08_c01 | UCF-101/Archery/v_Archery_g08_c01.avi | Archery | validation |  "
            "| ");
}

TEST_F(Ucf101Test, SplitMustBeSaidWhereThereAreSeveral) {
  Touch({"Archery/v_Archery_g08_c01.avi"});
  try {
    List();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_STREQ(error.what(), "the annotation files hold the splits 1, 2: say --split N");
  }
}

TEST_F(Ucf101Test, IndexThatIsNotTheFoldersIsRefused) {
  Annotate("trainlist03.txt", "Archery/v_Archery_g08_c01.avi 1\n");
  Touch({"Archery/v_Archery_g08_c01.avi"});
  options.annotated.split = 3;
  EXPECT_THAT(Refusal(), HasSubstr("trainlist03.txt:1: index 1 is not that of the folder "
                                   "'Archery', which is 2"));
}

TEST_F(ListPublishedSetsTest, Hmdb51LinesEndInBlanksAndNamesAreOdd) {
  Annotate("brush_hair_test_split1.txt",
           "Film_one_brush_hair_h_nm_np1_ba_goo_0.avi 1 \n"
           "Film!(two)#&;'.x_brush_hair_u_cm_np1_fr_med_1.avi 2 \n"
           "Film_two_brush_hair_u_cm_np1_fr_med_2.avi 0 \n");
  Annotate("brush_hair_test_split2.txt", "Film_one_brush_hair_h_nm_np1_ba_goo_0.avi 2 \n");
  Annotate("wave_test_split1.txt", "a_wave_0.avi 1 \nb_wave_0.avi 2 \n");
  Touch({"hmdb51_org/brush_hair/Film_one_brush_hair_h_nm_np1_ba_goo_0.avi",
         "hmdb51_org/brush_hair/Film!(two)#&;'.x_brush_hair_u_cm_np1_fr_med_1.avi",
         "hmdb51_org/wave/a_wave_0.avi", "all/b_wave_0.avi"});
  by_folder = true;
  options.annotated.split = 1;
  const ListVideosReport report = List();
  EXPECT_EQ(report.annotated->format, "hmdb51");
  EXPECT_THAT(
      Rows(),
      ElementsAre("Film_one_brush_hair_h_nm_np1_ba_goo_0 | "
                  "hmdb51_org/brush_hair/Film_one_brush_hair_h_nm_np1_ba_goo_0.avi | brush_hair | "
                  "training |  | ",
                  "Film__two_____.x_brush_hair_u_cm_np1_fr_med_1 | "
                  "hmdb51_org/brush_hair/Film!(two)#&;'.x_brush_hair_u_cm_np1_fr_med_1.avi | "
                  "brush_hair | validation |  | ",
                  "a_wave_0 | hmdb51_org/wave/a_wave_0.avi | wave | training |  | ",
                  "b_wave_0 | all/b_wave_0.avi | wave | validation |  | "));
  EXPECT_THAT(report.annotated->left_out, ElementsAre(Pair("in neither part of split 1", 1)));
  EXPECT_EQ(report.annotated->rules.at("the file name alone"), 1);
  EXPECT_THAT(Classes(), ElementsAre("brush_hair", "wave"));
}

}  // namespace
}  // namespace reel3d
