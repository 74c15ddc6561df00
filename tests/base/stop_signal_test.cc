// SPDX-License-Identifier: Apache-2.0
#include "lib/base/stop_signal.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace reel3d
