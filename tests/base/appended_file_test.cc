// SPDX-License-Identifier: Apache-2.0
#include "lib/base/appended_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

TEST(AppendedFile, GoesOnAtItsEnd) {
  const test::TemporaryFolder folder;
  AppendedFile(folder / "log").Append("one\n");
  AppendedFile(folder / "log").Append("two\n");
  EXPECT_EQ(ReadFile(folder / "log"), "one\ntwo\n");
  EXPECT_THROW(AppendedFile(folder / "absent/log"), Error);
}

// A limit on file sizes stands in for the full disk.
TEST(AppendedFile, WhatAFullDiskRefusesGoesLater) {
  const test::TemporaryFolder folder;
  AppendedFile log(folder / "log");
  log.Append("one\n");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_action = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{6, before.rlim_max};  // in the middle of the next record
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  log.Append("two\n");
  log.Append("three\n");
  EXPECT_THROW(log.Flush(), Error);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_action);
  log.Append("four\n");
  EXPECT_EQ(ReadFile(folder / "log"), "one\ntwo\nthree\nfour\n");
  log.Flush();
}

// The trainer works like this: one thread appends lines, and another thread flushes a checkpoint's
// lines to disk.
TEST(AppendedFile, GrowsWhileItIsFlushed) {
  const test::TemporaryFolder folder;
  AppendedFile log(folder / "log");
  std::atomic<bool> ended{false};
  std::thread flushing([&] {
    while (!ended) {
      log.Flush();
    }
  });
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string line = std::to_string(i) + "\n";
    log.Append(line);
    expected += line;
  }
  ended = true;
  flushing.join();
  log.Flush();
  EXPECT_EQ(ReadFile(folder / "log"), expected);
}

}  // namespace
}  // namespace reel3d
