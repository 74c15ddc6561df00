// Measures links and clocks between ranks, outside of tensors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/dist/world.h"

namespace reel3d {

// Sends so many bytes to `peer` and receives as many. Both ranks call it. Returns the seconds.
double ExchangeSeconds(int peer, int64_t size_bytes);

// By how much this rank's clock is ahead of rank 0's, with an error of at most half of the round
// trip.
struct ClockDifference {
  double ahead_s = 0;
  double round_trip_s = 0;
};

// Collective. Rank 0 asks one rank after the other.
ClockDifference CompareClocks(const World& world);

// Waits for all ranks like World::Barrier(), but leaves the cores to ranks that still measure.
// Collective.
void WaitForAll();

}  // namespace reel3d
