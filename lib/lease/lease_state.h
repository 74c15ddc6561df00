// Holds what the file of a lease states.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/process_mark.h"

namespace reel3d {

struct LeaseState {
  ProcessMark holder;
  std::string token;         // random, so that two leases of one process differ
  int64_t beat = 0;          // rises while the holder is alive
  std::string at;            // the items that the holder works on, for people; may be cut
  int64_t num_finished = 0;  // items that the holder has finished under this lease
  std::string fault;         // why the holder gave up; empty while it works or if it was killed
};

// These convert a state to and from the text of its file. A text that is no lease gives an empty
// state: anybody may have written the file, and a reader may see it half written.
std::string FormatLease(const LeaseState& state);
LeaseState ParseLease(const std::string& text);

// Returns a word that no other process has.
std::string NewToken();

}  // namespace reel3d
