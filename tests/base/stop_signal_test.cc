// SPDX-License-Identifier: Apache-2.0
#include "lib/base/stop_signal.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace reel3d {
namespace {

using std::chrono::milliseconds;

TEST(StopSignal, IsARequestThoughItComesTwice) {
  EXPECT_EXIT(
      {
        CatchStopSignals();
        const bool before = StopRequested();
        std::raise(SIGTERM);
        std::raise(SIGTERM);
        std::raise(SIGUSR1);
        std::_Exit(!before && StopRequested() ? 75 : 1);
      },
      testing::ExitedWithCode(75), "");
}

TEST(StopSignal, EndsTheProcessIfItComesAgain) {
  EXPECT_EXIT(
      {
        CatchStopSignals();
        std::raise(SIGTERM);
        std::this_thread::sleep_for(milliseconds(1100));
        std::raise(SIGUSR1);  // another signal, so not a second request
        std::raise(SIGTERM);
        std::_Exit(0);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(StopSignal, MayBeRepeatedByALauncher) {
  EXPECT_EXIT(
      {
        CatchStopSignals();
        AllowRepeatedStops();
        std::raise(SIGUSR1);
        std::this_thread::sleep_for(milliseconds(1100));
        std::raise(SIGUSR1);
        std::_Exit(StopRequested() ? 75 : 1);
      },
      testing::ExitedWithCode(75), "");
}

TEST(StopSignal, IsAnsweredAtOnce) {
  EXPECT_EXIT(
      {
        CatchStopSignals();
        SayWhenStopped("for usr1\n", "for others\n");
        std::raise(SIGTERM);
        std::raise(SIGUSR1);
        std::_Exit(75);
      },
      testing::ExitedWithCode(75), "^for others\n$");
}

// Returns whether the calling thread would not run the handler.
bool IsSpared() {
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  return sigismember(&blocked, SIGINT) == 1 && sigismember(&blocked, SIGTERM) == 1 &&
         sigismember(&blocked, SIGUSR1) == 1;
}

TEST(StopSignal, InterruptsNoThreadThatComputes) {
  EXPECT_EXIT(
      {
        CatchStopSignals();
        ReceiveStopSignalsInOwnThread();
        bool are_spared = IsSpared();
        std::thread([&] { are_spared = are_spared && IsSpared(); }).join();
        kill(getpid(), SIGUSR1);
        for (int i = 0; i < 500 && !StopRequested(); ++i) {
          std::this_thread::sleep_for(milliseconds(10));
        }
        std::_Exit(are_spared && StopRequested() ? 75 : 1);
      },
      testing::ExitedWithCode(75), "");
}

TEST(StopSignal, EndsTheProcessFromItsOwnThreadToo) {
  EXPECT_EXIT(
      {
        CatchStopSignals();
        ReceiveStopSignalsInOwnThread();
        kill(getpid(), SIGTERM);
        std::this_thread::sleep_for(milliseconds(1100));
        kill(getpid(), SIGTERM);
        std::this_thread::sleep_for(milliseconds(5000));
        std::_Exit(0);
      },
      testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace reel3d
