// Measures links and clocks between ranks, with plain MPI messages instead of tensors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/dist/world.h"

namespace reel3d {

// Sends `size_bytes` bytes to rank `peer`, which calls this function too, and receives as many.
// Returns the seconds that it took.
double ExchangeSeconds(int peer, int64_t size_bytes);

// Says by how much this rank's clock is ahead of rank 0's. The error is at most half of the round
// trip.
struct ClockDifference {
  double ahead_s = 0;
  double round_trip_s = 0;
};

// Returns this rank's difference. Rank 0 answers one rank after the other. Collective.
ClockDifference CompareClocks(const World& world);

// Waits for all ranks like World::Barrier(), but leaves the cores to ranks that still measure.
// Collective.
void WaitForAll();

}  // namespace reel3d
