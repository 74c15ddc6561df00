// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/link_probe.h"

#include <mpi.h>

#include <chrono>
#include <thread>
#include <vector>

#include "lib/base/timer.h"
#include "lib/dist/mpi_check.h"

namespace reel3d {
namespace {

constexpr int kTag = 1;

double WallClock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

void Send(double value, int rank) {
  CheckMpi(MPI_Send(&value, 1, MPI_DOUBLE, rank, kTag, MPI_COMM_WORLD), "MPI_Send");
}

double Receive(int rank) {
  double value = 0;
  CheckMpi(MPI_Recv(&value, 1, MPI_DOUBLE, rank, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
           "MPI_Recv");
  return value;
}

constexpr int kQuestions = 10;

// The answer with the shortest round trip is the most exact one.
ClockDifference AskMain() {
  ClockDifference best{0, 1e30};
  for (int question = 0; question < kQuestions; ++question) {
    const Stopwatch clock;
    const double before = WallClock();
    Send(0, 0);
    const double main = Receive(0);
    const double seconds = clock.Seconds();
    if (seconds < best.round_trip_s) {
      best = {before + seconds / 2 - main, seconds};
    }
  }
  return best;
}

void Answer(int rank) {
  for (int question = 0; question < kQuestions; ++question) {
    Receive(rank);
    Send(WallClock(), rank);
  }
}

}  // namespace

double ExchangeSeconds(int peer, int64_t size_bytes) {
  const std::vector<char> sent(static_cast<size_t>(size_bytes), 1);
  std::vector<char> received(sent.size());
  const Stopwatch clock;
  CheckMpi(
      MPI_Sendrecv(sent.data(), MpiCount(size_bytes), MPI_BYTE, peer, kTag, received.data(),
                   MpiCount(size_bytes), MPI_BYTE, peer, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
      "MPI_Sendrecv");
  return clock.Seconds();
}

ClockDifference CompareClocks(const World& world) {
  ClockDifference difference;
  for (int rank = 1; rank < world.size(); ++rank) {
    if (world.rank() == rank) {
      difference = AskMain();
    } else if (world.is_main()) {
      Answer(rank);
    }
  }
  return difference;
}

void WaitForAll() {
  MPI_Request request = MPI_REQUEST_NULL;
  CheckMpi(MPI_Ibarrier(MPI_COMM_WORLD, &request), "MPI_Ibarrier");
  for (int done = 0; done == 0;) {
    CheckMpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
}

}  // namespace reel3d
