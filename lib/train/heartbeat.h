// The sign of life that each rank of a run leaves every few seconds, in a file of its own that the
// other ranks can read without its help: a rank that is stopped cannot speak for itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reel3d {

struct Beat {
  int64_t count = -1;  // rises with each; -1: there is none
  std::string host;
  int64_t step = 0;
  std::string phase;     // PhaseName()
  bool waiting = false;  // for other ranks: whatever holds it up is not its own
  double for_s = 0;      // in this phase
  std::string work;      // "loading anna_wave"; may be empty
};

// Nothing but a beat missing if the disk is full. In place: over NFS a renamed file would be seen
// late by others, one that is written and closed at once.
void WriteBeat(const std::filesystem::path& folder, int rank, const Beat& beat);

// Of every rank.
std::vector<Beat> ReadBeats(const std::filesystem::path& folder, int num_ranks);

// "waiting for data for 62 s at step 12, loading anna_wave".
std::string Describe(const Beat& beat);

// Who holds the others up, in one line, from what was read at two moments further apart than beats
// are: ranks whose beat has stopped; else the one that is busy with something of its own for the
// longest, if that is more than `timeout_s`; else all of them, if all wait for one another. Empty:
// somebody is busy and moves on, so there is nobody to blame.
std::string Blame(const std::vector<Beat>& before, const std::vector<Beat>& after,
                  double timeout_s);

}  // namespace reel3d
