// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/step_vote.h"

#include <array>
#include <cstddef>

namespace reel3d {
namespace {

constexpr std::array kFacts = {&StepVote::stop, &StepVote::damage, &StepVote::save,
                               &StepVote::saved, &StepVote::unsaved};

}  // namespace

uint64_t ToBits(const StepVote& vote) {
  uint64_t bits = 0;
  for (size_t i = 0; i < kFacts.size(); ++i) {
    bits |= uint64_t{vote.*kFacts[i]} << i;
  }
  return bits;
}

StepVote VoteOf(uint64_t bits) {
  StepVote vote;
  for (size_t i = 0; i < kFacts.size(); ++i) {
    vote.*kFacts[i] = (bits >> i & 1) != 0;
  }
  return vote;
}

StepVote Agree(const World& world, const StepVote& own) { return VoteOf(world.Or(ToBits(own))); }

}  // namespace reel3d
