// Trees of folders that cannot be read completely. Videos may be passed over with a warning, but
// never without one.
// SPDX-License-Identifier: Apache-2.0
#include "lib/data/video_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "lib/base/error.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Root may read all folders. Makes the process run as the user nobody until the end of the scope.
class AsNobody {
 public:
  AsNobody() : was_root_(geteuid() == 0) {
    if (was_root_) {
      EXPECT_EQ(seteuid(65534), 0);
    }
  }
  ~AsNobody() {
    if (was_root_) {
      EXPECT_EQ(seteuid(0), 0);
    }
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  const bool was_root_;
};

class VideoTreeTest : public testing::Test {
 protected:
  VideoTreeTest() {
    // The user nobody must be able to reach the tree.
    fs::permissions(folder_.path(), fs::perms(0755));
    Write("wave/a.mp4");
  }

  void Write(const std::string& name) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << name;
  }
  VideoTree Find() const { return FindVideos({folder_.path().string()}, {}); }
  std::string ComplaintOfNobody() const {
    const AsNobody nobody;
    try {
      Find();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "nothing was thrown";
  }

  test::TemporaryFolder folder_;
};

TEST_F(VideoTreeTest, AFolderThatMayNotBeListedIsAnError) {
  Write("jump/b.mp4");
  fs::permissions(folder_ / "jump", fs::perms(0311));
  EXPECT_THAT(ComplaintOfNobody(),
              AllOf(HasSubstr("/jump "), HasSubstr("make it readable"), HasSubstr("Permission")));
  fs::permissions(folder_ / "jump", fs::perms(0755));
}

// The folder's names can be listed, but not their types, so a folder inside would be lost.
TEST_F(VideoTreeTest, AFolderThatMayNotBeEnteredIsAnError) {
  Write("jump/deeper/b.mp4");
  fs::permissions(folder_ / "jump", fs::perms(0644));
  EXPECT_THAT(ComplaintOfNobody(), AllOf(HasSubstr("jump/deeper "), HasSubstr("make it readable")));
  fs::permissions(folder_ / "jump", fs::perms(0755));
}

TEST_F(VideoTreeTest, APathTooLongIsPassedOverWithAWord) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_ / "wave");
  const std::string name(200, 'd');
  for (int depth = 0; depth < 25; ++depth) {
    fs::create_directory(name);
    fs::current_path(name);
  }
  std::ofstream("deep.mp4") << "x";
  fs::current_path(before);
  const VideoTree tree = Find();
  EXPECT_EQ(tree.videos.size(), 1U);
  ASSERT_EQ(tree.bad_names.size(), 1U);
  EXPECT_THAT(tree.bad_names[0].fault, HasSubstr("too long"));
  EXPECT_THAT(tree.bad_names[0].path, HasSubstr("wave/ddd"));
  EXPECT_TRUE(tree.ignored.empty());
}

TEST_F(VideoTreeTest, LinksThatLeadNowhereAreListedForTheirReaderToName) {
  fs::create_symlink("nowhere", folder_ / "wave/dangling.mp4");
  fs::create_symlink("loop.mp4", folder_ / "wave/loop.mp4");
  fs::create_symlink("a.mp4/b.mp4", folder_ / "wave/through_a_file.mp4");
  std::vector<std::string> names;
  for (const FoundVideo& video : Find().videos) {
    names.push_back(video.below);
  }
  EXPECT_THAT(names, ElementsAre("wave/a.mp4", "wave/dangling.mp4", "wave/loop.mp4",
                                 "wave/through_a_file.mp4"));
}

TEST_F(VideoTreeTest, PipesAndDevicesAreNoVideos) {
  ASSERT_EQ(mkfifo((folder_ / "wave/pipe.mp4").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo((folder_ / "wave/no video").c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", folder_ / "wave/endless.mp4");
  const VideoTree tree = Find();
  EXPECT_EQ(tree.videos.size(), 1U);
  EXPECT_THAT(tree.passed_over.not_files, ElementsAre(HasSubstr("wave/endless.mp4 (a device)"),
                                                      HasSubstr("wave/pipe.mp4 (a pipe)")));
}

}  // namespace
}  // namespace reel3d
