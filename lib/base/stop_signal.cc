// SPDX-License-Identifier: Apache-2.0
#include "lib/base/stop_signal.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <system_error>
#include <thread>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Some programs (timeout, mpirun, a terminal) send a signal to a process and also to its group. So
// signals within this time are one request.
constexpr int64_t kOneRequestNs = 1'000'000'000;
constexpr std::array<int, 3> kStopSignals = {SIGINT, SIGTERM, SIGUSR1};

std::atomic<int64_t> first_signal_ns{0};
std::atomic<int> first_signal{0};
std::atomic<bool> usr1_is_repeated{false};
std::atomic<const char*> words_for_usr1{nullptr};
std::atomic<const char*> words_for_others{nullptr};
static_assert(std::atomic<int64_t>::is_always_lock_free, "else no signal handler may touch it");

// A signal handler calls this, so it uses no buffers and no locks.
void Say(const char* words) {
  const int error_before = errno;
  if (words != nullptr && write(STDERR_FILENO, words, std::strlen(words)) < 0) {
    // The terminal has gone, so nobody can read it.
  }
  errno = error_before;
}

void OnStopSignal(int signal) {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  const int64_t now = int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  int64_t first = 0;
  if (first_signal_ns.compare_exchange_strong(first, now)) {
    first_signal = signal;
    Say(signal == SIGUSR1 ? words_for_usr1 : words_for_others);
    return;
  }
  // A scheduler may send one signal as a warning and another later. Only the same signal again or
  // Ctrl-C is a second request.
  if (now - first < kOneRequestNs || (signal == SIGUSR1 && usr1_is_repeated) ||
      (signal != first_signal && signal != SIGINT)) {
    return;
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

void CatchStopSignals() {
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;
  for (const int signal : kStopSignals) {
    sigaction(signal, &action, nullptr);
  }
}

void ReceiveStopSignalsInOwnThread() {
  sigset_t stops;
  sigemptyset(&stops);
  for (const int signal : kStopSignals) {
    sigaddset(&stops, signal);
  }
  try {
    std::thread([stops] {
      pthread_sigmask(SIG_UNBLOCK, &stops, nullptr);
      while (true) {
        pause();
      }
    }).detach();
  } catch (const std::system_error& error) {
    throw EnvironmentError(fmt::format("cannot start a thread for signals: {}", error.what()));
  }
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);
}

void SayWhenStopped(const char* for_usr1, const char* for_others) {
  words_for_usr1 = for_usr1;
  words_for_others = for_others;
}

void AllowRepeatedStops() { usr1_is_repeated = true; }

bool StopRequested() { return first_signal_ns != 0; }

int FirstStopSignal() { return first_signal; }

}  // namespace reel3d
