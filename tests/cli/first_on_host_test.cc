// Tests which of several ranks on one machine speaks for the others. Each rank is a process of its
// own, as under a launcher.
// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/first_on_host.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace reel3d {
namespace {

// Returns what a rank answers that this process starts. It ends at once.
bool RankSays(bool (*answer)(const std::string&), const std::string& words) {
  const pid_t rank = fork();
  if (rank == 0) {
    _exit(answer(words) ? 0 : 1);
  }
  int status = -1;
  waitpid(rank, &status, 0);
  return WEXITSTATUS(status) == 0;
}

// Returns whether a rank is the first with `words`.
bool IsFirstRank(const std::string& words) {
  return RankSays([](const std::string& said) { return FirstOnHost(said).is_first(); }, words);
}

// Returns whether a rank sees one with `words`.
bool SeesAny(const std::string& words) { return RankSays(&FirstOnHost::HasAny, words); }

// Starts a rank that holds `words` until it is ended. Returns after it has begun to do so.
pid_t StartRank(const std::string& words) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  const pid_t rank = fork();
  if (rank == 0) {
    const FirstOnHost first(words);
    const char is_first = first.is_first() ? 'y' : 'n';
    if (write(ready[1], &is_first, 1) == 1) {
      pause();
    }
    _exit(1);
  }
  char is_first = '?';
  EXPECT_EQ(read(ready[0], &is_first, 1), 1);
  EXPECT_EQ(is_first, 'y');
  close(ready[0]);
  close(ready[1]);
  return rank;
}

TEST(FirstOnHostTest, OneOfTheRanksWithTheSameWordsWhileItLives) {
  const pid_t first = StartRank("no such file");
  EXPECT_FALSE(IsFirstRank("no such file"));
  EXPECT_TRUE(IsFirstRank("another fault"));
  EXPECT_TRUE(SeesAny("no such file"));
  EXPECT_FALSE(SeesAny("another fault"));
  kill(first, SIGKILL);
  waitpid(first, nullptr, 0);
  EXPECT_FALSE(SeesAny("no such file"));
  EXPECT_TRUE(IsFirstRank("no such file"));
}

TEST(FirstOnHostTest, RanksOfOtherLaunchersDoNotCount) {
  const FirstOnHost of_another_launcher("no such file");
  EXPECT_TRUE(IsFirstRank("no such file"));
}

}  // namespace
}  // namespace reel3d
