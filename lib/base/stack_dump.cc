// SPDX-License-Identifier: Apache-2.0
#include "lib/base/stack_dump.h"

#include <execinfo.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace reel3d {
namespace {

std::atomic<int> num_dumped{0};

// The handler allocates nothing, because the thread may have been stopped within malloc.
void PrintFrames(int /*signal*/) {
  std::array<void*, 64> frames{};
  const int num_frames = backtrace(frames.data(), static_cast<int>(frames.size()));
  backtrace_symbols_fd(frames.data(), num_frames, STDERR_FILENO);
  ++num_dumped;
}

void Print(const std::string& text) {
  [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

void DumpStacks() {
  std::array<void*, 1> frame{};
  backtrace(frame.data(), 1);  // the first call loads a library, which no handler may do
  struct sigaction action {};
  action.sa_handler = PrintFrames;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR2, &action, nullptr);
  const pid_t own = static_cast<pid_t>(syscall(SYS_gettid));
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    const auto thread =
        static_cast<pid_t>(std::strtol(entry.path().filename().c_str(), nullptr, 10));
    if (thread == own) {
      continue;
    }
    Print(
        fmt::format("stack of thread {}{}:\n", thread, thread == getpid() ? ", the main one" : ""));
    const int before = num_dumped;
    syscall(SYS_tgkill, getpid(), thread, SIGUSR2);
    for (int wait_ms = 0; num_dumped == before && wait_ms < 200; wait_ms += 5) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
}

}  // namespace reel3d
