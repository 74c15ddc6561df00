// SPDX-License-Identifier: Apache-2.0
#include "lib/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace reel3d {
namespace {

TEST(ExitStatus, IsTheContractOfEveryTool) {
  EXPECT_EQ(ExitStatus(ErrorKind::kFailed), 1);
  EXPECT_EQ(ExitStatus(ErrorKind::kUsage), 2);
  EXPECT_EQ(ExitStatus(ErrorKind::kInput), 3);
  EXPECT_EQ(ExitStatus(ErrorKind::kEnvironment), 4);
  EXPECT_EQ(ExitStatus(ErrorKind::kInternal), 70);
}

TEST(SystemError, TellsWhoseFaultItIs) {
  EXPECT_EQ(SystemError("x", ENOENT).kind(), ErrorKind::kInput);
  EXPECT_EQ(SystemError("x", EIO).kind(), ErrorKind::kEnvironment);
  const Error full = SystemError("cannot write a.h5", ENOSPC);
  EXPECT_EQ(full.kind(), ErrorKind::kEnvironment);
  EXPECT_STREQ(full.what(),
               "cannot write a.h5: No space left on device; free some space and run the same "
               "command again");
}

TEST(Check, NamesThePlaceAndIsABugOfOurs) {
  try {
    REEL3D_CHECK(1 + 1 == 3);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
    EXPECT_NE(std::string(error.what()).find("1 + 1 == 3"), std::string::npos);
    EXPECT_EQ(std::string(error.what()).front(), 't') << "a path from the repository's root";
  }
}

}  // namespace
}  // namespace reel3d
