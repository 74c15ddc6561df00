// SPDX-License-Identifier: Apache-2.0
#include "lib/base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/base/mapped_kib.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

ErrorKind KindOf(const fs::path& file) {
  try {
    const MappedFile mapped(file);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::kInternal;  // nothing was thrown
}

class MappedFileTest : public ::testing::Test {
 protected:
  MappedFileTest() {
    for (size_t i = 0; i < size_t{2} << 20; ++i) {
      bytes_.push_back(static_cast<char>(i % 251));
    }
    WriteFileAtomically(file_, bytes_);
  }
  // Returns true if all pages have the right bytes. They are in memory afterwards.
  bool IsSound(const MappedFile& mapped) const {
    return mapped.size_bytes() == bytes_.size() &&
           std::equal(bytes_.begin(), bytes_.end(), reinterpret_cast<const char*>(mapped.data()));
  }
  test::TemporaryFolder folder_;
  const fs::path file_ = folder_ / "file";
  std::string bytes_;
};

TEST_F(MappedFileTest, PagesThatAreLetGoCanBeReadAgain) {
  const MappedFile mapped(file_);
  EXPECT_TRUE(IsSound(mapped));
  EXPECT_EQ(test::MappedKib(file_), 2048);
  mapped.LetGo(1 << 20, 2 << 20);
  EXPECT_LE(test::MappedKib(file_).value(), 1024);  // the system may let a larger page go
  mapped.LetGo(0, SIZE_MAX);
  EXPECT_EQ(test::MappedKib(file_), 0);
  EXPECT_TRUE(IsSound(mapped));
}

TEST_F(MappedFileTest, AnEmptyFileHasNoBytes) {
  WriteFileAtomically(file_, "");
  const MappedFile mapped(file_);
  EXPECT_EQ(mapped.size_bytes(), 0U);
  mapped.LetGo(0, 1);
}

TEST_F(MappedFileTest, WhatIsNoFileIsAnInputError) {
  EXPECT_EQ(KindOf(folder_.path()), ErrorKind::kInput);
  EXPECT_EQ(KindOf(folder_ / "absent"), ErrorKind::kInput);
  EXPECT_EQ(KindOf("/dev/null"), ErrorKind::kInput);
}

TEST_F(MappedFileTest, AFileThatAnotherReplacesStaysAsItWas) {
  const MappedFile mapped(file_);
  WriteFileAtomically(file_, "new");
  EXPECT_TRUE(IsSound(mapped));
}

// While another process reads the same file, neither has a page of its own.
TEST_F(MappedFileTest, ProcessesShareThePages) {
  const MappedFile mapped(file_);
  EXPECT_TRUE(IsSound(mapped));
  EXPECT_GT(test::MappedKib(file_, "Private_"), 1000);  // no other process has it
  int begin[2], end[2];
  ASSERT_EQ(pipe(begin), 0);
  ASSERT_EQ(pipe(end), 0);
  const pid_t child = fork();
  if (child == 0) {
    const MappedFile own(file_);
    const bool is_sound = IsSound(own);
    char byte = 'x';
    const bool spoke = write(begin[1], &byte, 1) == 1 && read(end[0], &byte, 1) == 1;
    _exit(is_sound && spoke ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(read(begin[0], &byte, 1), 1);
  EXPECT_LT(test::MappedKib(file_, "Private_"), 32);
  ASSERT_EQ(write(end[1], &byte, 1), 1);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace reel3d
