// SPDX-License-Identifier: Apache-2.0
#include "lib/data/prepared_folder.h"

#include <gtest/gtest.h>

#include <set>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFew = PreparedFolder::kMostWithoutSubfolders;
constexpr size_t kMany = kFew + 1;

TEST(PreparedFolder, FewVideosLieTogether) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(PreparedFolder(folder.path(), kFew).Target("a"), folder / "a.mkv");
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(PreparedFolder, ManyVideosAreSpread) {
  const test::TemporaryFolder folder;
  const PreparedFolder prepared(folder.path(), kMany);
  std::set<fs::path> folders;
  for (int i = 0; i < 5000; ++i) {
    const std::string id = "video" + std::to_string(i);
    const fs::path file = prepared.Target(id);
    EXPECT_EQ(file.filename(), id + ".mkv");
    EXPECT_EQ(file.parent_path().parent_path(), folder.path());
    EXPECT_TRUE(fs::is_directory(file.parent_path())) << file;
    folders.insert(file.parent_path());
  }
  EXPECT_EQ(folders.size(), 256U);
}

TEST(PreparedFolder, VideosAreFoundInEitherPlace) {
  const test::TemporaryFolder folder;
  const PreparedFolder prepared(folder.path(), kMany);
  EXPECT_EQ(PreparedFile(folder.path(), "a"), folder / "a.mkv") << "it is in neither place";
  WriteFileAtomically(prepared.Target("a"), "in a sub-folder");
  WriteFileAtomically(folder / "b.mkv", "of an older version");
  EXPECT_EQ(ReadFile(PreparedFile(folder.path(), "a")), "in a sub-folder");
  EXPECT_EQ(PreparedFile(folder.path(), "b"), folder / "b.mkv");
  EXPECT_EQ(prepared.Target("b"), folder / "b.mkv") << "it stays in its place";
  EXPECT_EQ(PreparedFolder(folder.path(), kFew).Target("a"), PreparedFile(folder.path(), "a"));
}

}  // namespace
}  // namespace reel3d
