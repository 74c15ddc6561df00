// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/list_videos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class ListVideosTest : public ::testing::Test {
 protected:
  ListVideosTest() { options_.manifest = (folder_ / "out/videos.tsv").string(); }

  // Makes empty files, since list-videos opens no video. Names begin with the source folder.
  void Touch(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      fs::create_directories((folder_ / name).parent_path());
      std::ofstream(folder_ / name) << "";
    }
  }
  ListVideosReport List(const std::vector<std::string>& sources = {"source"}) {
    options_.sources.clear();
    for (const std::string& source : sources) {
      options_.sources.push_back((folder_ / source).string());
    }
    return RunListVideos(options_);
  }
  std::vector<std::string> Ids() {
    std::vector<std::string> ids;
    for (const VideoRow& row : ReadManifest(options_.manifest).videos) {
      ids.push_back(row.id);
    }
    return ids;
  }
  std::string Complaint(const std::vector<std::string>& sources = {"source"},
                        ErrorKind kind = ErrorKind::kInput) {
    try {
      List(sources);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      return error.what();
    }
    return "nothing was thrown";
  }

  test::TemporaryFolder folder_;
  ListVideosOptions options_;
};

TEST_F(ListVideosTest, FoldersAreClassesInBytewiseOrder) {
  Touch({"source/wave/b.mp4", "source/wave/deep/er/a.AVI", "source/Zoo/z.webm", "source/jump/1.mkv",
         "source/jump/notes.txt", "source/jump/sound.mp3", "source/jump/README",
         "source/jump/.hidden.mp4", "source/.cache/x.mp4", "source/empty/x.txt"});
  const ListVideosReport report = List();
  EXPECT_EQ(report.num_videos, 4);
  EXPECT_THAT(report.ignored, ElementsAre(Pair("", 1), Pair("mp3", 1), Pair("txt", 2)));
  EXPECT_THAT(ReadClasses(folder_ / "out/classes.txt"), ElementsAre("Zoo", "jump", "wave"));
  EXPECT_THAT(Ids(), ElementsAre("z", "1", "b", "a"));
  const Manifest manifest = ReadManifest(options_.manifest);
  EXPECT_EQ(manifest.videos[3].path, "../source/wave/deep/er/a.AVI");
  EXPECT_EQ(manifest.videos[3].label, "wave");
  for (const VideoRow& row : manifest.videos) {
    EXPECT_TRUE(fs::exists(manifest.VideoPath(row))) << row.path;
  }
}

TEST_F(ListVideosTest, PathsHoldWhereverTheToolIsRunAndThroughLinks) {
  Touch({"data/source/wave/a.mp4", "elsewhere/b.mp4"});
  fs::create_directories(folder_ / "deep/er");
  fs::create_directory_symlink(folder_ / "deep/er", folder_ / "out");
  fs::create_directory_symlink(folder_ / "data/source", folder_ / "source");
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "data/source/jump");
  fs::create_directory_symlink(folder_ / "data", folder_ / "data/source/wave/loop");
  List();
  const Manifest manifest = ReadManifest(options_.manifest);
  ASSERT_GE(manifest.videos.size(), 2U);
  for (const VideoRow& row : manifest.videos) {
    EXPECT_TRUE(fs::exists(manifest.VideoPath(row))) << row.path;
  }
}

TEST_F(ListVideosTest, IdsAreFileNamesWhereverTheyCanBe) {
  Touch({"source/wave/daria.mp4", "source/jump/daria.mp4", "source/jump/moshe.mp4",
         "source/jump/x y(1).mp4", "source/jump/-dQw4_.mp4", "source/run/a.mp4", "source/run/a.avi",
         "source/walk/a.mp4", "source/walk/b c.mp4", "source/walk/b_c.mp4", "source/run/ü.mp4"});
  List();
  EXPECT_THAT(Ids(),
              ElementsAre("-dQw4_", "jump-daria", "moshe", "x_y_1_", "run-a.avi", "run-a.mp4", "ü",
                          "walk-a", "walk-b_c.mp4", "walk-b_c.mp4-2", "wave-daria"));
}

TEST_F(ListVideosTest, SourcesAreJoined) {
  Touch({"one/wave/a.mp4", "two/wave/a.mp4", "two/jump/b.mp4"});
  const ListVideosReport report = List({"two", "one"});
  EXPECT_THAT(Ids(), ElementsAre("b", "wave-a.mp4", "wave-a.mp4-2"));
  EXPECT_EQ(report.classes.size(), 2U);
  EXPECT_EQ(ReadManifest(options_.manifest).videos[1].path, "../two/wave/a.mp4");
}

TEST_F(ListVideosTest, VideosWithoutAClassFolderAreUnlabelledAndForTesting) {
  Touch({"source/a.mp4", "source/b.mp4"});
  const ListVideosReport report = List();
  ASSERT_EQ(report.classes.size(), 1U);
  EXPECT_EQ(report.classes[0].second.testing, 2);
  EXPECT_THAT(ReadClasses(folder_ / "out/classes.txt"), ElementsAre());
  EXPECT_EQ(ReadManifest(options_.manifest).videos[0].label, "");
}

TEST_F(ListVideosTest, ExtensionsCanBeAdded) {
  Touch({"source/jump/a.mp4", "source/jump/b.MP3", "source/jump/c.gif", "source/jump/d.txt"});
  options_.extensions = {"mp3", ".GIF"};
  EXPECT_EQ(List().num_videos, 3);
}

TEST_F(ListVideosTest, AnotherListIsNotOverwritten) {
  Touch({"source/jump/a.mp4"});
  List();
  const std::string before = ReadFile(options_.manifest);
  List();  // the same list again is no conflict
  Touch({"source/jump/b.mp4"});
  EXPECT_THAT(Complaint({"source"}, ErrorKind::kUsage), HasSubstr("--overwrite"));
  EXPECT_EQ(ReadFile(options_.manifest), before);
  options_.overwrite = true;
  List();
  EXPECT_NE(ReadFile(options_.manifest), before);
}

// The list of an older version, or of another program, may have no classes.txt.
TEST_F(ListVideosTest, ARefusedListLeavesNothingBesideAnother) {
  Touch({"source/jump/a.mp4"});
  List();
  fs::remove(folder_ / "out/classes.txt");
  Touch({"source/walk/b.mp4"});
  EXPECT_THAT(Complaint({"source"}, ErrorKind::kUsage), HasSubstr("--overwrite"));
  EXPECT_FALSE(fs::exists(folder_ / "out/classes.txt"));
}

TEST_F(ListVideosTest, SaysWhatIsWrong) {
  Touch({"source/jump/a.mp4", "none/jump/a.txt", "bad/jump/a\tb.mp4"});
  EXPECT_THAT(Complaint({"absent"}), HasSubstr("absent"));
  EXPECT_THAT(Complaint({"none"}), HasSubstr("has no videos"));
  EXPECT_THAT(Complaint({"bad"}), HasSubstr("rename it"));
  options_.split.group_regex = "(person[0-9])";
  EXPECT_THAT(Complaint(), HasSubstr("jump/a.mp4 does not match"));
}

TEST_F(ListVideosTest, TableAndObjectCountTheSame) {
  Touch({"source/jump/a.mp4", "source/jump/b.mp4", "source/wave/c.mp4", "source/x.mp4",
         "source/jump/n.txt"});
  options_.split.validation_fraction = 0.5;
  const ListVideosReport report = List();
  EXPECT_EQ(report.ToJson().dump(),
            R"({"num_videos":4,"num_groups":3,"classes":{)"
            R"("jump":{"training":1,"validation":1,"testing":0},)"
            R"("wave":{"training":1,"validation":0,"testing":0},)"
            R"("":{"training":0,"validation":0,"testing":1}},"ignored":{"txt":1}})");
  EXPECT_EQ(report.ToText(),
            "class       training  validation  testing\n"
            "jump               1           1        0\n"
            "wave               1           0        0\n"
            "unlabelled         0           0        1\n"
            "all                2           1        1\n"
            "passed over as no videos: 1 .txt\n");
}

TEST_F(ListVideosTest, TheToolTellsFaultsByItsStatus) {
  Touch({"source/jump/a.mp4"});
  const std::string tool = test::ToolPath("list-videos").string();
  const std::string source = (folder_ / "source").string();
  const std::string absent = (folder_ / "absent").string();
  const auto status = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {tool};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return test::RunCommand(command).exit_status;
  };
  EXPECT_EQ(status({source, options_.manifest}), kExitDone);
  EXPECT_EQ(status({source, options_.manifest, "--group-regx", "x"}), kExitUsage);
  EXPECT_EQ(status({source, options_.manifest, "--group-regex", "("}), kExitUsage);
  EXPECT_EQ(status({absent, options_.manifest}), kExitInput);
  EXPECT_EQ(status({options_.manifest}), kExitUsage);
}

}  // namespace
}  // namespace reel3d
