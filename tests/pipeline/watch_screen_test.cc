// Runs inspect-file --watch on a terminal, as a user does.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "tests/pipeline/run_folder.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kEnters = "\x1b[?1049h";
constexpr const char* kLeaves = "\x1b[?1049l";
constexpr const char* kIsDrawn = "q ends watching";

// A tool that watches a run on a terminal of 24 lines.
class Terminal {
 public:
  // With `is_detached` the tool reads nothing and ignores SIGHUP, as behind nohup.
  Terminal(const std::string& folder, unsigned short columns, const char* no_colour,
           bool is_detached = false) {
    winsize size = {24, columns, 0, 0};
    const std::string tool = test::ToolPath("inspect-file").string();
    process_ = forkpty(&terminal_, nullptr, nullptr, &size);
    if (process_ == 0) {
      const rlimit no_core = {0, 0};
      setrlimit(RLIMIT_CORE, &no_core);
      setenv("TERM", "xterm", 1);
      setenv("NO_COLOR", no_colour, 1);
      if (is_detached) {
        std::signal(SIGHUP, SIG_IGN);
        dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
      }
      execl(tool.c_str(), tool.c_str(), "--watch", folder.c_str(), nullptr);
      _exit(127);
    }
  }
  ~Terminal() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    Close();
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Returns what the tool writes until `text` has come, or for a minute.
  std::string ReadUntil(const std::string& text) const {
    constexpr int kMinute_ms = 60'000;
    std::string all;
    pollfd ready = {terminal_, POLLIN, 0};
    while (all.find(text) == std::string::npos && poll(&ready, 1, kMinute_ms) > 0) {
      char bytes[4096];
      const ssize_t count = read(terminal_, bytes, sizeof bytes);
      if (count <= 0) {
        break;
      }
      all.append(bytes, static_cast<size_t>(count));
    }
    return all;
  }
  void Type(char key) const { ASSERT_EQ(write(terminal_, &key, 1), 1); }
  void Resize(unsigned short columns) const {
    const winsize size = {24, columns, 0, 0};
    ioctl(terminal_, TIOCSWINSZ, &size);
  }
  void Close() {
    if (terminal_ >= 0) {
      close(terminal_);
    }
    terminal_ = -1;
  }
  bool Echoes() const {
    termios settings{};
    tcgetattr(terminal_, &settings);
    return (settings.c_lflag & ECHO) != 0;
  }
  void Signal(int signal) const { kill(process_, signal); }
  // Returns what waitpid() returns of the process.
  int AwaitEnd() {
    int status = -1;
    waitpid(process_, &status, 0);
    process_ = -1;
    return status;
  }

 private:
  int terminal_ = -1;
  pid_t process_ = -1;
};

class WatchScreenTest : public ::testing::Test {
 protected:
  WatchScreenTest() {
    run_.Write("videos.tsv", "id\tpath\na\ta.mp4\n");
    run_.Write("prepared/config.ini", "", -3600);  // at work, however slow this test is
  }
  test::RunFolder run_;
};

TEST_F(WatchScreenTest, QEndsItAndTheTerminalIsAsBefore) {
  Terminal terminal(run_.path().string(), 80, "");
  const std::string drawn = terminal.ReadUntil(kIsDrawn);
  EXPECT_THAT(drawn, HasSubstr(kEnters));
  EXPECT_THAT(drawn, Not(HasSubstr(kLeaves)));
  EXPECT_FALSE(terminal.Echoes());
  EXPECT_THAT(terminal.ReadUntil("0 of 1 video"), HasSubstr("\x1b[1;36mat work"));
  terminal.Type('q');
  EXPECT_THAT(terminal.ReadUntil(kLeaves), HasSubstr(kLeaves));
  const int status = terminal.AwaitEnd();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(terminal.Echoes());
}

TEST_F(WatchScreenTest, CtrlCEndsItAsWell) {
  Terminal terminal(run_.path().string(), 80, "");
  terminal.ReadUntil(kIsDrawn);
  terminal.Type('\x03');
  EXPECT_THAT(terminal.ReadUntil(kLeaves), HasSubstr(kLeaves));
  EXPECT_TRUE(WIFEXITED(terminal.AwaitEnd()));
}

TEST_F(WatchScreenTest, ASignalRestoresTheTerminalAndEndsIt) {
  Terminal terminal(run_.path().string(), 80, "");
  terminal.ReadUntil(kIsDrawn);
  terminal.Signal(SIGTERM);
  EXPECT_THAT(terminal.ReadUntil(kLeaves), HasSubstr(kLeaves));
  const int status = terminal.AwaitEnd();
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_TRUE(terminal.Echoes());
}

TEST_F(WatchScreenTest, CtrlBackslashAndAHangUpRestoreItAsWell) {
  for (const int signal : {SIGQUIT, SIGHUP}) {
    Terminal terminal(run_.path().string(), 80, "");
    terminal.ReadUntil(kIsDrawn);
    if (signal == SIGQUIT) {
      terminal.Type('\x1c');
    } else {
      terminal.Signal(signal);
    }
    EXPECT_THAT(terminal.ReadUntil(kLeaves), HasSubstr(kLeaves));
    const int status = terminal.AwaitEnd();
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_TRUE(terminal.Echoes());
  }
}

TEST_F(WatchScreenTest, EndsWithItsTerminalEvenIfItReadsNoKeysAndIgnoresHangUps) {
  Terminal terminal(run_.path().string(), 80, "", /*is_detached=*/true);
  terminal.ReadUntil(kIsDrawn);
  terminal.Close();
  const int status = terminal.AwaitEnd();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(WatchScreenTest, FollowsTheWindowAndUsesNoColourIfTold) {
  Terminal terminal(run_.path().string(), 80, "1");
  EXPECT_THAT(terminal.ReadUntil("time left"), Not(HasSubstr("\x1b[1;36m")));
  terminal.Resize(50);
  const std::string narrow = terminal.ReadUntil("stage     state      done\x1b[K");
  EXPECT_THAT(narrow, HasSubstr("stage     state      done\x1b[K"));
  EXPECT_THAT(narrow, Not(HasSubstr("\x1b[1;36m")));
}

TEST_F(WatchScreenTest, WithoutATerminalItPrintsOnceAndChangesNothing) {
  run_.Write("train/config.ini", "epochs = 3\n");
  const auto names = [&] {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(run_.path())) {
      all += entry.path().string() + "\n";
    }
    return all;
  };
  const std::string before = names();
  const auto result =
      test::RunCommand({test::ToolPath("inspect-file").string(), "--watch", run_.path().string()});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(result.out, HasSubstr("prep      at work    0 of 1 video\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
  EXPECT_EQ(names(), before);
}

TEST_F(WatchScreenTest, RefusesWhatItCannotWatch) {
  const std::string tool = test::ToolPath("inspect-file").string();
  EXPECT_EQ(test::RunCommand({tool, "--watch", (run_.path() / "no").string()}).exit_status, 3);
  EXPECT_EQ(test::RunCommand({tool, "--watch", (run_.path() / "videos.tsv").string()}).exit_status,
            3);
  EXPECT_EQ(test::RunCommand({tool, "--watch", "a", "b"}).exit_status, 2);
}

}  // namespace
}  // namespace reel3d
