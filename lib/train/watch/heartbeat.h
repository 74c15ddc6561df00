// Writes and reads the beats (signs of life) of the ranks. Each rank writes its beat at least once
// a second to its own file. Other ranks read that file, because a rank that is stopped cannot
// report itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reel3d {

struct Beat {
  int64_t count = -1;  // rises with each beat; -1: there is no beat
  std::string host;
  int64_t step = 0;
  std::string phase;     // PhaseName()
  bool waiting = false;  // for other ranks, which cause the delay
  // True in phases whose work may wait for other ranks inside (--bn sync, a GPU's queue).
  bool may_wait = false;
  double since_s = 0;  // start of the phase, seconds since 1970 by its host's clock
  double for_s = 0;    // seconds in this phase
  std::string work;    // "loading anna_wave"; may be empty
};

// Writes the beat of `rank`. If the disk is full, only this beat is lost. The file is overwritten
// in place: over NFS, other hosts see the new content as soon as the file is closed, but they see a
// renamed file late.
void WriteBeat(const std::filesystem::path& folder, int rank, const Beat& beat);

// Returns the rank whose beats a file of this name holds; nothing for another name.
std::optional<int> RankOfBeats(const std::string& file_name);

// Returns the beats of all ranks, or nothing if reading them takes longer than `most_s` seconds
// because the file system hangs.
std::vector<Beat> ReadBeats(const std::filesystem::path& folder, int num_ranks, double most_s);

// Returns, for example, "waiting for data for 62 s at step 12, loading anna_wave".
std::string Describe(const Beat& beat);

struct Blame {
  std::string reason;       // one line; empty: the busy ranks make progress, nobody is to blame
  std::optional<int> rank;  // the blamed rank, if it can report more about itself
};

// Names the rank that blocks the run. `before` and `after` are two readings, more than one beat
// apart. (1) Ranks whose beat did not change are blamed. (2) Otherwise the rank that has been in
// its phase longest is blamed, if longer than `timeout_s`; ranks that cannot be waiting for others
// are preferred. (3) If all ranks wait for each other, the network is blamed.
Blame FindBlame(const std::vector<Beat>& before, const std::vector<Beat>& after, double timeout_s);

}  // namespace reel3d
