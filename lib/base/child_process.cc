// SPDX-License-Identifier: Apache-2.0
#include "lib/base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "lib/base/error.h"

namespace reel3d {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Holds posix_spawn's list of actions in the child before its program runs.
class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  void Duplicate(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  const std::string what = "cannot start " + command.at(0);
  std::array<int, 2> ends{};
  // SEQPACKET keeps messages apart. CLOEXEC closes our ends in other children.
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw EnvironmentError(fmt::format("{}: {}", what, std::strerror(errno)));
  }
  socket_ = ends[0];
  SpawnActions actions;
  actions.Duplicate(ends[1], STDIN_FILENO);
  actions.Duplicate(STDERR_FILENO, STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // only read
  }
  arguments.push_back(nullptr);
  const int code =
      posix_spawn(&pid_, command[0].c_str(), actions.get(), nullptr, arguments.data(), environ);
  close(ends[1]);
  if (code != 0) {
    close(socket_);
    throw EnvironmentError(fmt::format("{}: {}", what, std::strerror(code)));
  }
}

ChildProcess::~ChildProcess() {
  End();
  close(socket_);
}

bool ChildProcess::Send(std::string_view message) {
  REEL3D_CHECK(message.size() <= kMaxMessage_bytes);
  ssize_t sent = 0;
  do {
    sent = send(socket_, message.data(), message.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(message.size());
}

ChildProcess::Answer ChildProcess::Receive(double timeout_s, std::string* message) {
  pollfd readable{socket_, POLLIN, 0};
  if (poll(&readable, 1, static_cast<int>(std::ceil(timeout_s * 1000))) <= 0) {
    return Answer::kSilence;
  }
  message->resize(kMaxMessage_bytes);
  const ssize_t size = recv(socket_, message->data(), message->size(), 0);
  message->resize(size > 0 ? static_cast<size_t>(size) : 0);
  return size > 0 ? Answer::kMessage : Answer::kGone;
}

ChildEnd ChildProcess::End() {
  if (pid_ < 0) {
    return {"ended before", 0};
  }
  // If the child has closed its socket, it is ending by itself. Wait a little for its exit status.
  int status = 0;
  int ended = 0;
  for (int wait_ms = 0; wait_ms < 200 && ended == 0; wait_ms += 10) {
    pollfd closed{socket_, 0, 0};
    if (poll(&closed, 1, 0) == 0) {
      break;
    }
    ended = waitpid(pid_, &status, WNOHANG);
    if (ended == 0) {
      usleep(10'000);
    }
  }
  if (ended == 0) {
    kill(pid_, SIGKILL);
    do {
      ended = waitpid(pid_, &status, 0);
    } while (ended < 0 && errno == EINTR);
  }
  pid_ = -1;
  if (ended < 0) {
    return {"an unknown end", 0};  // SIGCHLD is ignored, or other code of this process has waited
  }
  if (!WIFSIGNALED(status)) {
    return {fmt::format("exit status {}", WEXITSTATUS(status)), 0};
  }
  const int signal = WTERMSIG(status);
  return {fmt::format("signal {}, {}", signal, strsignal(signal)), signal};
}

void BecomeChild() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // If the parent ended before prctl(), no signal comes, but the socket is closed.
  pollfd closed{STDIN_FILENO, 0, 0};
  if (poll(&closed, 1, 0) != 0) {
    std::_Exit(kExitFailed);
  }
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    signal(number, SIG_IGN);
  }
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
}

void LimitMemory(int megabytes) {
  if (megabytes == 0 || kSanitized) {
    return;
  }
  const rlim_t bytes = rlim_t{static_cast<unsigned>(megabytes)} << 20;
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? bytes : std::min(bytes, limit.rlim_max);
  if (setrlimit(RLIMIT_AS, &limit) != 0) {
    throw EnvironmentError(fmt::format("cannot limit memory: {}", std::strerror(errno)));
  }
}

std::optional<std::string> ReceiveFromParent() {
  std::string message(kMaxMessage_bytes, '\0');
  ssize_t size = 0;
  do {
    size = recv(STDIN_FILENO, message.data(), message.size(), 0);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) {
    return std::nullopt;
  }
  message.resize(static_cast<size_t>(size));
  return message;
}

void SendToParent(std::string_view message) {
  if (send(STDIN_FILENO, message.data(), message.size(), MSG_NOSIGNAL) < 0) {
    std::_Exit(kExitFailed);
  }
}

}  // namespace reel3d
