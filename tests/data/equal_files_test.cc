// SPDX-License-Identifier: Apache-2.0
#include "lib/data/equal_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// Each video is added to one subset. Its index is the number of the call that added it.
class EqualFilesTest : public testing::Test {
 protected:
  EqualFilesTest() { tree_.sources = {folder_.path()}; }

  fs::path Path(const std::string& name) const { return folder_ / name; }

  void AddPresent(const std::string& name, Subset subset) {
    struct stat status {};
    stat(Path(name).c_str(),
         &status);  // size 0 for a link that leads nowhere, like FindVideos()
    FoundVideo video;
    video.below = name;
    video.label = "wave";
    video.size_bytes = status.st_size;
    tree_.videos.push_back(video);
    subsets_.push_back(subset);
  }
  void Add(const std::string& name, Subset subset, const std::string& content) {
    std::ofstream(Path(name)) << content;
    AddPresent(name, subset);
  }

  EqualFiles Find(size_t max_files = 100) const {
    return FindEqualFiles(tree_, subsets_, max_files);
  }

  test::TemporaryFolder folder_;
  VideoTree tree_;
  std::vector<Subset> subsets_;
};

constexpr Subset kT = Subset::kTraining;
constexpr Subset kV = Subset::kValidation;

TEST_F(EqualFilesTest, ArePairsOfBothSidesWithTheFirstOfTraining) {
  const std::string content(200'000, 'x');
  Add("held out 1", kV, content);
  Add("training 1", kT, content);
  Add("training 2", kT, content);
  Add("held out 2", kV, content);
  Add("testing", Subset::kTesting, content);
  Add("other", kV, "other");
  EXPECT_THAT(Find().pairs, ElementsAre(Pair(0, 1), Pair(3, 1)));
  EXPECT_EQ(Find().num_unread, 0);
}

TEST_F(EqualFilesTest, OnOneSideAloneAreNoPairs) {
  Add("a", kT, "same");
  Add("b", kT, "same");
  Add("c", kV, "else");
  Add("d", kV, "else");
  Add("e", Subset::kTesting, "same");
  EXPECT_THAT(Find().pairs, IsEmpty());
}

TEST_F(EqualFilesTest, MayBeHardLinksAndSymbolicLinks) {
  Add("a", kT, "content");
  fs::create_hard_link(Path("a"), Path("hard"));
  fs::create_symlink("a", Path("soft"));
  AddPresent("hard", kV);
  AddPresent("soft", kV);
  EXPECT_THAT(Find().pairs, ElementsAre(Pair(1, 0), Pair(2, 0)));
}

TEST_F(EqualFilesTest, AreNotEmptyFilesNorLinksThatLeadNowhere) {
  Add("empty 1", kT, "");
  Add("empty 2", kV, "");
  fs::create_symlink("nowhere", Path("link 1"));
  fs::create_symlink("nowhere", Path("link 2"));
  AddPresent("link 1", kT);
  AddPresent("link 2", kV);
  EXPECT_THAT(Find().pairs, IsEmpty());
}

// Files that differ only between their ends count as equal, as the header says.
TEST_F(EqualFilesTest, AreJudgedByBothEnds) {
  const std::string content(300'000, 'x');
  Add("training", kT, content);
  const auto with = [&](size_t place) {
    std::string other = content;
    other[place] = 'y';
    return other;
  };
  Add("first byte", kV, with(0));
  Add("last byte", kV, with(content.size() - 1));
  Add("end of the first 64 KiB", kV, with(65535));
  Add("begin of the last 64 KiB", kV, with(content.size() - 65536));
  EXPECT_THAT(Find().pairs, IsEmpty());
  Add("middle", kV, with(150'000));
  EXPECT_THAT(Find().pairs, ElementsAre(Pair(5, 0)));
}

TEST_F(EqualFilesTest, MayBeShorterThanWhatIsCompared) {
  Add("a", kT, "x");
  Add("b", kV, "x");
  Add("c", kV, "y");
  EXPECT_THAT(Find().pairs, ElementsAre(Pair(1, 0)));
}

// Root can read all files, so missing files, a folder and a pipe stand in for unreadable files.
TEST_F(EqualFilesTest, ThatCannotBeReadEqualNothing) {
  Add("a", kT, "content");
  Add("gone", kV, "content");
  Add("shrunk", kV, "content");
  Add("folder", kV, "content");
  Add("pipe", kV, "content");
  Add("locked", kV, "content");
  Add("copy", kV, "content");
  fs::remove(Path("gone"));
  fs::resize_file(Path("shrunk"), 3);
  fs::remove(Path("folder"));
  fs::create_directory(Path("folder"));
  fs::remove(Path("pipe"));
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  fs::permissions(Path("locked"), fs::perms::none);
  if (geteuid() == 0) {
    fs::remove(Path("locked"));
  }
  EXPECT_THAT(Find().pairs, ElementsAre(Pair(6, 0)));
}

// Sizes that few files share come first, so a large group of one size costs only itself.
TEST_F(EqualFilesTest, OpenNoMoreFilesThanAllowed) {
  constexpr size_t kMany = 3000;
  for (size_t i = 0; i < kMany; ++i) {
    Add(fmt::format("{:05}", i), i % 2 == 0 ? kT : kV, "same size");
  }
  Add("a", kT, "few");
  Add("b", kV, "few");
  const EqualFiles few = Find(kMany - 1);
  EXPECT_THAT(few.pairs, ElementsAre(Pair(kMany + 1, kMany)));
  EXPECT_EQ(few.num_unread, kMany);
  const EqualFiles all = Find(kMany + 2);
  EXPECT_EQ(all.pairs.size(), kMany / 2 + 1);
  EXPECT_EQ(all.num_unread, 0);
  // The small group's two files count too, so the large group would need one file more.
  EXPECT_EQ(Find(kMany + 1).num_unread, kMany);
  EXPECT_EQ(Find(0).num_unread, kMany + 2);
}

}  // namespace
}  // namespace reel3d
