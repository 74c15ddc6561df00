// SPDX-License-Identifier: Apache-2.0
#include "lib/base/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/timer.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::HasSubstr;
using Answer = ChildProcess::Answer;

// Returns the command of a shell as child. The shell's standard input is the socket to the parent.
std::vector<std::string> Shell(const std::string& script) { return {"/bin/bash", "-c", script}; }

TEST(ChildProcessTest, CarriesMessagesBothWays) {
  ChildProcess child(Shell("head -c 5 <&0; printf 'back' >&0; sleep 60"));
  EXPECT_TRUE(child.Send("hello"));
  std::string message;
  ASSERT_EQ(child.Receive(30, &message), Answer::kMessage);
  EXPECT_EQ(message, "back");
  EXPECT_EQ(child.Receive(0.05, &message), Answer::kSilence);
  EXPECT_THAT(child.End().words, HasSubstr("signal 9"));
}

TEST(ChildProcessTest, SaysHowTheChildEnded) {
  std::string message;
  ChildProcess leaves(Shell("exit 7"));
  EXPECT_EQ(leaves.Receive(30, &message), Answer::kGone);
  EXPECT_EQ(leaves.End().words, "exit status 7");
  EXPECT_FALSE(leaves.Send("hello"));
  ChildProcess crashes(Shell("kill -SEGV $$"));
  EXPECT_EQ(crashes.Receive(30, &message), Answer::kGone);
  EXPECT_THAT(crashes.End().words, HasSubstr("signal 11"));
}

// If SIGCHLD is ignored, the system forgets how a child ended. "exit status 0" would be wrong then.
TEST(ChildProcessTest, SaysWhereNobodyKnowsHowTheChildEnded) {
  std::signal(SIGCHLD, SIG_IGN);
  std::string message;
  ChildProcess crashes(Shell("kill -SEGV $$"));
  EXPECT_EQ(crashes.Receive(30, &message), Answer::kGone);
  EXPECT_EQ(crashes.End().words, "an unknown end");
  ChildProcess works(Shell("sleep 60"));
  EXPECT_EQ(works.End().words, "an unknown end");
  std::signal(SIGCHLD, SIG_DFL);
}

TEST(ChildProcessTest, NoProgramIsTheMachinesFault) {
  try {
    const ChildProcess child({"/nowhere/at-all"});
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/at-all"));
  }
}

// A child ends when its parent has gone, because its socket closes. If another child had a copy of
// this socket, it would stay open, and the first child would wait for ever.
TEST(ChildProcessTest, NoChildHoldsAnothersSocket) {
  ChildProcess first(Shell("cat <&0 >/dev/null; exit 0"));
  ChildProcess second(
      Shell("n=$(ls -l /proc/$$/fd | grep -c socket); printf \"$n\" >&0; sleep 60"));
  std::string message;
  ASSERT_EQ(second.Receive(30, &message), Answer::kMessage);
  EXPECT_EQ(message, "1");
}

}  // namespace
}  // namespace reel3d
