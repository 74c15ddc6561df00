// Shares facts between ranks after each step. A signal, damage or a full disk may have reached only
// some ranks, but all ranks must act in the same way.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/dist/world.h"

namespace reel3d {

struct StepVote {
  bool stop = false;     // the run should stop at a checkpoint
  bool damage = false;   // this rank found damaged videos that others may not know
  bool save = false;     // a checkpoint is due
  bool saved = false;    // the checkpoint that was being written is complete
  bool unsaved = false;  // the disk refused the checkpoint that was being written
};

// Convert a vote to one number and back. Each fact is a bit.
uint64_t ToBits(const StepVote& vote);
StepVote VoteOf(uint64_t bits);

// Returns, on every rank, the facts that hold on any rank. Collective.
StepVote Agree(const World& world, const StepVote& own);

}  // namespace reel3d
