// SPDX-License-Identifier: Apache-2.0
#include "lib/base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "lib/base/error.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> Names(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

TEST(PendingFile, AppearsOnlyWhenPublished) {
  const test::TemporaryFolder folder;
  {
    PendingFile pending(folder / "out.bin");
    std::ofstream(pending.temporary_path()) << "half";
    EXPECT_FALSE(fs::exists(folder / "out.bin"));
  }
  EXPECT_TRUE(Names(folder.path()).empty()) << "an unpublished file must leave nothing behind";
  PendingFile pending(folder / "out.bin");
  std::ofstream(pending.temporary_path()) << "whole";
  pending.Publish();
  EXPECT_EQ(ReadFile(folder / "out.bin"), "whole");
  EXPECT_EQ(Names(folder.path()), std::vector<std::string>{"out.bin"});
}

TEST(PendingFile, TakesThePlaceOfAnOlderFolder) {
  const test::TemporaryFolder folder;
  for (const char* file : {"old", "new"}) {
    PendingFile pending(folder / "out");
    fs::create_directory(pending.temporary_path());
    WriteFileAtomically(pending.temporary_path() / file, file);
    pending.Publish();
  }
  EXPECT_EQ(ReadFile(folder / "out" / "new"), "new");
  EXPECT_FALSE(fs::exists(folder / "out" / "old"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / ""), {}), 1) << "nothing is left over";
}

TEST(PendingFile, PublishWithoutBytesIsAnError) {
  const test::TemporaryFolder folder;
  PendingFile pending(folder / "out.bin");
  EXPECT_THROW(pending.Publish(), Error);
  EXPECT_TRUE(Names(folder.path()).empty());
}

TEST(PendingFile, TakesThePlaceOfNoPipeAndNoDevice) {
  const test::TemporaryFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  fs::create_symlink(pipe, folder / "link_to_pipe");
  fs::create_symlink("/dev/null", folder / "link_to_device");
  fs::create_symlink("/proc/self/fd/1", folder / "output");
  for (const char* name : {"pipe", "link_to_pipe", "link_to_device", "output"}) {
    EXPECT_THROW(WriteFileAtomically(folder / name, "bytes"), Error) << name;
  }
  EXPECT_THROW(PendingFile("/dev/null"), Error);
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_EQ(Names(folder.path()).size(), 4U);
}

// Temporary files of a killed process are removed; those of a living process are not.
TEST(RemoveStaleTemporaries, KnowsTheDeadFromTheLiving) {
  const test::TemporaryFolder folder;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto* leaked = new PendingFile(folder / "dead.bin");
    std::ofstream(leaked->temporary_path()) << "half";
    _exit(0);
  }
  siginfo_t end;
  waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT);  // a zombie from here on
  const PendingFile alive(folder / "alive.bin");
  std::ofstream(alive.temporary_path()) << "half";
  std::ofstream(folder / ".x.tmp-otherhost-1-0") << "of another machine";
  std::ofstream(folder / ".hidden") << "not ours";
  EXPECT_EQ(Names(folder.path()).size(), 4U);
  EXPECT_EQ(RemoveStaleTemporaries(folder.path()), 1);
  EXPECT_TRUE(fs::exists(alive.temporary_path()));
  EXPECT_EQ(Names(folder.path()).size(), 3U);
  waitpid(child, nullptr, 0);
}

// A limit on file sizes stands in for the full disk.
TEST(WriteFileAtomically, FullDiskIsAnEnvironmentErrorThatKeepsTheOldFile) {
  const test::TemporaryFolder folder;
  WriteFileAtomically(folder / "x", "old");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {2, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  ErrorKind kind = ErrorKind::kInternal;
  std::string message = "nothing was thrown";
  try {
    WriteFileAtomically(folder / "x", "new bytes");
  } catch (const Error& error) {
    kind = error.kind();
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(kind, ErrorKind::kEnvironment);
  EXPECT_NE(message.find((folder / "x").string()), std::string::npos) << message;
  EXPECT_EQ(ReadFile(folder / "x"), "old");
  EXPECT_EQ(Names(folder.path()).size(), 1U) << "something was left";
}

// A stage whose folder vanishes must not blame the video that it is working on.
TEST(WriteFileAtomically, ALostFolderIsAnEnvironmentError) {
  const test::TemporaryFolder folder;
  try {
    WriteFileAtomically(folder / "gone" / "x", "bytes");
    FAIL() << "should not be possible";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
  }
}

TEST(ReadFile, RefusesWhatIsNotAFileOrTooLarge) {
  const test::TemporaryFolder folder;
  WriteFileAtomically(folder / "ten", "0123456789");
  EXPECT_EQ(ReadFile(folder / "ten", 10), "0123456789");
  for (const auto& [path, limit] : {std::pair<fs::path, uint64_t>{folder / "ten", 9},
                                    {folder / "absent", 9},
                                    {folder.path(), 9},
                                    {"/dev/zero", 9}}) {
    try {
      ReadFile(path, limit);
      ADD_FAILURE() << path << " was read";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput) << path;
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos);
    }
  }
}

TEST(RequireFile, SaysWhetherThereIsNoneOrSomethingElse) {
  const auto reason = [](void (*require)(const fs::path&, const std::string&), const char* path) {
    try {
      require(path, "weights");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(reason(RequireFile, "/dev/zero"), "/dev/zero: not a regular file (weights)");
  EXPECT_EQ(reason(RequireFile, "/absent"), "/absent: no such file (weights)");
  EXPECT_EQ(reason(RequireFolder, "/dev/zero"), "/dev/zero: not a folder (weights)");
  EXPECT_EQ(reason(RequireFolder, "/absent"), "/absent: no such folder (weights)");
  EXPECT_EQ(reason(RequireFolder, "/dev"), "");
}

// 0xCBF43926 is the check value of CRC-32 in every catalogue of checksums.
TEST(Crc32, CheckValue) {
  EXPECT_EQ(Crc32("123456789", 9), 0xCBF43926U);
  EXPECT_EQ(Crc32("6789", 4, Crc32("12345", 5)), 0xCBF43926U);
}

TEST(MakeFolders, FailsOnlyIfTheFolderCannotBeMade) {
  const test::TemporaryFolder folder;
  MakeFolders(folder / "a" / "b");
  MakeFolders(folder / "a" / "b");
  EXPECT_TRUE(fs::is_directory(folder / "a" / "b"));
  WriteFileAtomically(folder / "file", "");
  EXPECT_THROW(MakeFolders(folder / "file"), Error);
  EXPECT_THROW(MakeFolders(folder / "file" / "below"), Error);
  fs::create_symlink(folder / "absent", folder / "link");
  EXPECT_THROW(MakeFolders(folder / "link"), Error);
}

TEST(MakeFolders, OthersMayRemoveTheFolderMeanwhile) {
  const test::TemporaryFolder folder;
  std::atomic<bool> is_over = false;
  std::thread remover([&] {
    while (!is_over) {
      rmdir((folder / "contested").c_str());
    }
  });
  for (int i = 0; i < 50'000; ++i) {
    EXPECT_NO_THROW(MakeFolders(folder / "contested"));
  }
  is_over = true;
  remover.join();
}

TEST(SystemTemporaryFolder, IsNamedIfThereIsNone) {
  const test::TemporaryFolder folder;
  const char* before = getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", folder.path().c_str(), 1);
  EXPECT_EQ(SystemTemporaryFolder(), folder.path());
  setenv("TMPDIR", (folder / "gone").c_str(), 1);
  try {
    SystemTemporaryFolder();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
    EXPECT_THAT(error.what(), testing::HasSubstr((folder / "gone").string()));
  }
  before == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace reel3d
