// Lists in the formats of other projects, and plain tables: which ones list-videos accepts.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/passport.h"
#include "tests/pipeline/annotated_folder.h"

namespace reel3d {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ListPlainListsTest : public ::testing::Test, public test::AnnotatedFolder {
 protected:
  // Lists the videos and returns the usage error.
  std::string Usage() {
    try {
      List();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  }
};

TEST_F(ListPlainListsTest, PathListsOfAllMakers) {
  Touch({"some/dir/a b.mp4", "some/dir/b.mp4", "other/c.mp4"});
  Annotate("train_list.txt", "some/dir/a b.mp4 3\nsome/dir/b.mp4 0\n");
  Annotate("val_list.txt", "/data/root/other/c.mp4 1\n");
  for (const char* format : {"mmaction2-videos", "slowfast", "videomae"}) {
    options.annotated.format = format;
    options.overwrite = true;
    List();
    EXPECT_THAT(Rows(), ElementsAre("a_b | some/dir/a b.mp4 | 3 | training |  | ",
                                    "b | some/dir/b.mp4 | 0 | training |  | ",
                                    "c | other/c.mp4 | 1 | validation |  | "));
    EXPECT_THAT(Classes(), ElementsAre("0", "1", "2", "3"));
  }
}

TEST_F(ListPlainListsTest, NumbersGetNamesFromAClassFile) {
  Touch({"a.mp4", "b.mp4"});
  Annotate("train.csv", "a.mp4,1\nb.mp4,0\n");
  WriteFileAtomically(folder / "names.txt", "zumba\narchery\n");
  options.annotated.format = "slowfast";
  options.annotated.class_order = (folder / "names.txt").string();
  List();
  EXPECT_THAT(Rows(), ElementsAre("a | a.mp4 | archery | training |  | ",
                                  "b | b.mp4 | zumba | training |  | "));
  EXPECT_THAT(Classes(), ElementsAre("zumba", "archery"));
}

TEST_F(ListPlainListsTest, ThreeColumnsAreNeverGuessed) {
  Touch({"some/dir.mp4"});
  Annotate("train.txt", "some/dir 120 3\n");
  const std::string usage = Usage();
  EXPECT_THAT(usage, HasSubstr("say --format, one of mmaction2-videos, mmaction2-rawframes"));
  options.annotated.format = "videomae";
  EXPECT_THAT(Refusal(), HasSubstr("train.txt:1: has 2 numbers after the path 'some/dir', but this "
                                   "format has 1"));
  options.annotated.format = "mmaction2-rawframes";
  List();
  EXPECT_THAT(Rows(), ElementsAre("dir | some/dir.mp4 | 3 | training |  | "));
}

TEST_F(ListPlainListsTest, TwoColumnsAreAmbiguousToo) {
  Touch({"a.mp4"});
  Annotate("train.txt", "a.mp4 3\n");
  EXPECT_THAT(Usage(), HasSubstr("say --format, one of mmaction2-videos, slowfast, videomae"));
}

TEST_F(ListPlainListsTest, PartsByFramesNeedARate) {
  Touch({"dir.mp4"});
  Annotate("train.txt", "dir 50 100 3\n");
  options.annotated.format = "mmaction2-rawframes-offset";
  EXPECT_THAT(Refusal(), HasSubstr("--annotation-fps"));
  options.annotated.annotation_fps = 25;
  List();
  EXPECT_THAT(Rows(), ElementsAre("dir | dir.mp4 | 3 | training | 1.98 | 5.98"));
}

TEST_F(ListPlainListsTest, Mmaction2Json) {
  Touch({"a.mp4", "d/b.mp4"});
  Annotate("train.json", R"([{"filename": "a.mp4", "label": 1}])");
  Annotate("val.json", R"([{"frame_dir": "d/b", "total_frames": 9, "label": [0]}])");
  EXPECT_EQ(List().annotated->format, "mmaction2-json");
  EXPECT_THAT(Rows(),
              ElementsAre("a | a.mp4 | 1 | training |  | ", "b | d/b.mp4 | 0 | validation |  | "));
}

TEST_F(ListPlainListsTest, TablesGoByTheNamesOfTheirColumns) {
  Touch({"x/a, b.mp4", "x/c.mp4"});
  Annotate("mine.csv",
           "label,Path,end_s,begin_s,split,note\r\n"
           "\"run, \"\"fast\"\"\",\"x/a, b.mp4\",2.5,1,train,\r\nwalk,x/c.mp4,,,val,y\r\n");
  EXPECT_EQ(List().annotated->format, "csv");
  EXPECT_THAT(Rows(), ElementsAre("a__b | x/a, b.mp4 | run, \"fast\" | training | 1 | 2.5",
                                  "c | x/c.mp4 | walk | validation |  | "));
}

TEST_F(ListPlainListsTest, TabSeparatedTableOfIds) {
  Touch({"x/v_-a.mp4", "x/_c.webm"});
  WriteFileAtomically(folder / "mine.tsv", "id\tclass\n-a\trun\n_c\twalk\n");
  options.annotated.annotations = {"training=" + (folder / "mine.tsv").string()};
  EXPECT_EQ(RunListVideos(options).annotated->format, "tsv");
  EXPECT_THAT(Rows(), ElementsAre("-a | x/v_-a.mp4 | run | training |  | ",
                                  "_c | x/_c.webm | walk | training |  | "));
}

TEST_F(ListPlainListsTest, SetsForDetectionAreRefused) {
  Touch({"a.mp4"});
  Annotate("ava_train_v2.2.csv", "-5KQ66BBWC4,0902,0.077,0.151,0.283,0.811,80,1\n");
  EXPECT_THAT(Refusal(), HasSubstr("classifies whole videos or parts, so such a set cannot be "
                                   "listed"));
}

TEST_F(ListPlainListsTest, FileNameAloneIsTakenOnlyWhereNoOtherRowHasIt) {
  Touch({"run/a.mp4", "walk/b.mp4"});
  Annotate("train.csv", "path,label\nrun/a.mp4,run\nwalk/a.mp4,walk\nold/b.mp4,walk\n");
  List();
  EXPECT_THAT(Rows(), ElementsAre("run-a | run/a.mp4 | run | training |  | ",
                                  "b | walk/b.mp4 | walk | training |  | "));
  EXPECT_THAT(Missing(), ElementsAre("walk-a | walk | training | the only file of that name "
                                     "belongs to another row"));
}

TEST_F(ListPlainListsTest, SeveralFilesOfOneNameAreNotGuessed) {
  Touch({"one/a.mp4", "two/a.mp4", "b.mp4"});
  Annotate("train.csv", "path,label\na.mp4,run\nb.mp4,walk\n");
  List();
  EXPECT_THAT(Missing(), ElementsAre("a | run | training | several files have that name"));
}

TEST_F(ListPlainListsTest, MissingFilesAreExplained) {
  Touch({"b.mp4"});
  Annotate("train.csv", "id,label\n-a,run\nb,walk\n");
  options.annotated.explain_missing = true;
  EXPECT_THAT(List().ToText(),
              HasSubstr("train.csv:2): there is no such file; looked for .../v_-a.*, .../-a.*\n"));
}

TEST_F(ListPlainListsTest, NothingIsListedWhereNoFileIsThere) {
  Touch({"z.mp4"});
  Annotate("train.csv", "id,label\n-a,run\n");
  EXPECT_THAT(Refusal(), HasSubstr("none of the 1 rows of"));
}

TEST_F(ListPlainListsTest, ThePassportCountsRowsAndTheirFiles) {
  Touch({"aB3dE5fG7h9_000001_000011.mp4", "aB3dE5fG7h9_000020_000030.mp4", "unnamed.mp4"});
  Annotate("train.csv", "id,label\n-a,run\naB3dE5fG7h9_000001_000011,walk\n");
  Annotate("val.csv", "id,label\naB3dE5fG7h9_000020_000030,walk\n");
  List();
  const Passport passport = ReadPassport(folder / "out/videos.passport.json").value();
  const PassportCounts& run = passport.counts.at({Subset::kTraining, "run"});
  EXPECT_EQ(run.expected, 1);
  EXPECT_EQ(run.found, 0);
  EXPECT_EQ(passport.counts.at({Subset::kTraining, "walk"}).found, 1);
  EXPECT_EQ(passport.list["num_extra"], 1);
  EXPECT_EQ(passport.list["format"], "csv");
  EXPECT_EQ(passport.list["sources_in_two_subsets"].dump(), "1");
  EXPECT_TRUE(ReadManifestPassport(folder / "out/videos.tsv").has_value()) << "it is of this list";
}

TEST_F(ListPlainListsTest, ListingAgainChangesNothing) {
  Touch({"b.mp4"});
  Annotate("train.csv", "id,label\n-a,run\nb,walk\n");
  EXPECT_FALSE(List().unchanged);
  EXPECT_TRUE(List().unchanged);
  Touch({"-a.mp4"});
  EXPECT_THAT(Usage(), HasSubstr("--overwrite"));
  options.overwrite = true;
  List();
  EXPECT_THAT(Missing(), IsEmpty());
  // A list made from folders has no table of missing files, so the old table must be removed.
  options.annotated.annotations.clear();
  RunListVideos(options);
  EXPECT_FALSE(std::filesystem::exists(folder / "out/videos.missing.tsv"));
  const std::filesystem::path passport = folder / "out/videos.passport.json";
  EXPECT_FALSE(ReadPassport(passport)->list.contains("format"));
  // A folder in the way is found before the old list is removed.
  std::filesystem::remove(passport);
  std::filesystem::create_directory(passport);
  const std::string before = ReadFile(folder / "out/videos.tsv");
  Touch({"run/c.mp4"});
  EXPECT_THROW(RunListVideos(options), Error);
  EXPECT_EQ(ReadFile(folder / "out/videos.tsv"), before);
}

}  // namespace
}  // namespace reel3d
