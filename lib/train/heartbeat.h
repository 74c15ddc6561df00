// The sign of life that each rank of a run leaves at least once a second, in a file of its own that
// the other ranks can read without its help: a rank that is stopped cannot speak for itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reel3d {

struct Beat {
  int64_t count = -1;  // rises with each; -1: there is none
  std::string host;
  int64_t step = 0;
  std::string phase;     // PhaseName()
  bool waiting = false;  // for other ranks: whatever holds it up is not its own
  // It may wait for others in the midst of its work: --bn sync, a GPU's queue.
  bool may_wait = false;
  double since_s = 0;  // 1970, when it came to this phase, by its host's clock
  double for_s = 0;    // in this phase
  std::string work;    // "loading anna_wave"; may be empty
};

// Nothing but a beat missing if the disk is full. In place: over NFS a renamed file would be seen
// late by others, one that is written and closed at once.
void WriteBeat(const std::filesystem::path& folder, int rank, const Beat& beat);

// Of every rank. Empty if that takes longer than `most_s`: the file system hangs.
std::vector<Beat> ReadBeats(const std::filesystem::path& folder, int num_ranks, double most_s);

// "waiting for data for 62 s at step 12, loading anna_wave".
std::string Describe(const Beat& beat);

struct Blame {
  std::string reason;       // in one line; empty: somebody is busy and moves on, nobody is to blame
  std::optional<int> rank;  // that can tell more, about itself
};

// Who holds the others up, from what was read at two moments further apart than beats are: ranks
// whose beat has stopped; else, if that is more than `timeout_s` ago, the one that came first to
// what it is busy with, of those that wait for nobody if there are any; else all of them, if all
// wait for one another.
Blame FindBlame(const std::vector<Beat>& before, const std::vector<Beat>& after, double timeout_s);

}  // namespace reel3d
