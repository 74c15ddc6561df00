// SPDX-License-Identifier: Apache-2.0
#include "lib/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

namespace reel3d {
namespace {

TEST(ExitStatus, IsTheContractOfEveryTool) {
  EXPECT_EQ(ExitStatus(ErrorKind::kFailed), 1);
  EXPECT_EQ(ExitStatus(ErrorKind::kUsage), 2);
  EXPECT_EQ(ExitStatus(ErrorKind::kInput), 3);
  EXPECT_EQ(ExitStatus(ErrorKind::kEnvironment), 4);
  EXPECT_EQ(ExitStatus(ErrorKind::kInternal), 70);
}

TEST(ReadError, TellsWhoseFaultItIs) {
  EXPECT_EQ(ReadError("x", ENOENT).kind(), ErrorKind::kInput);
  EXPECT_EQ(ReadError("x", ENOTDIR).kind(), ErrorKind::kInput);
  EXPECT_EQ(ReadError("x", EIO).kind(), ErrorKind::kEnvironment);
}

TEST(WriteError, IsNeverAnInputs) {
  EXPECT_EQ(WriteError("x", ENOENT).kind(), ErrorKind::kEnvironment);
  const Error full = WriteError("cannot write a.h5", ENOSPC);
  EXPECT_EQ(full.kind(), ErrorKind::kEnvironment);
  EXPECT_STREQ(full.what(),
               "cannot write a.h5: No space left on device; free some space and run the same "
               "command again");
}

TEST(WriteError, OfAFullDiskIsKnownByItsNumber) {
  for (const int full : {ENOSPC, EDQUOT}) {
    EXPECT_EQ(WriteError("a.h5", full).system_error(), full);
    EXPECT_TRUE(WriteError("a.h5", full).IsDiskFull());
  }
  EXPECT_FALSE(WriteError("a.h5", EIO).IsDiskFull());
  EXPECT_EQ(ReadError("a.h5", EIO).system_error(), EIO);
  EXPECT_FALSE(EnvironmentError(WriteError("a.h5", ENOSPC).what()).IsDiskFull());
}

TEST(DescribeFailure, KnowsWhatSpeaksOfTheMachine) {
  const auto status = [](const std::exception& exception) {
    return DescribeFailure(exception).exit_status;
  };
  EXPECT_EQ(status(UsageError("x")), kExitUsage);
  EXPECT_EQ(status(std::bad_alloc()), kExitEnvironment);
  EXPECT_EQ(status(std::filesystem::filesystem_error(
                "x", std::make_error_code(std::errc::permission_denied))),
            kExitEnvironment);
  EXPECT_EQ(status(std::system_error(EAGAIN, std::generic_category(), "thread")), kExitEnvironment);
  EXPECT_EQ(status(std::logic_error("x")), kExitInternal);
  EXPECT_EQ(DescribeFailure(std::filesystem::filesystem_error(
                                "cannot remove", "videos/a.tsv",
                                std::make_error_code(std::errc::read_only_file_system)))
                .line,
            "videos/a.tsv: Read-only file system");
  EXPECT_EQ(DescribeFailure(
                std::filesystem::filesystem_error("cannot rename", "a.tmp", "a.tsv",
                                                  std::make_error_code(std::errc::is_a_directory)))
                .line,
            "a.tmp -> a.tsv: Is a directory");
  EXPECT_EQ(DescribeFailure(InputError("two\nlines")).line, "two lines");
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
