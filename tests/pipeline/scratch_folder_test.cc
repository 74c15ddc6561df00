// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/scratch_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

// A folder that others have made under a name that can be guessed is neither used nor removed.
TEST(ScratchFolderTest, TheFolderIsNewAndOfThisUserAlone) {
  const test::TemporaryFolder scratch;
  const PendingFile guess(scratch / "reel3d");
  const std::string base = guess.temporary_path().string();
  const size_t number = base.rfind('-') + 1;
  std::vector<fs::path> theirs;
  for (int i = 0; i < 10; ++i) {
    theirs.push_back(base.substr(0, number) + std::to_string(i));
    fs::create_directory(theirs.back());
  }
  {
    const ScratchFolder folder(scratch.path().string());
    EXPECT_EQ(std::count(theirs.begin(), theirs.end(), folder.path()), 0);
    EXPECT_EQ(fs::status(folder.path()).permissions(), fs::perms::owner_all);
  }
  for (const fs::path& other : theirs) {
    EXPECT_TRUE(fs::exists(other));
  }
}

}  // namespace
}  // namespace reel3d
