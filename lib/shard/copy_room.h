// Keeps room on a disk while several processes put copies into a folder of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>

#include "lib/base/file.h"
#include "lib/base/option_binder.h"
#include "lib/base/timer.h"

namespace reel3d {

struct StagingOptions {
  std::string folder;   // on a disk of the node; empty: shards are not copied
  double most_gb = 0;   // of all files in the folder; 0: no limit
  double free_gb = 10;  // of the disk that stay free; 0: copies may fill it
  // Seconds without a write after which the temporary of another host counts as abandoned. Tests
  // change it.
  double abandoned_s = 600;

  void Bind(OptionBinder& binder);
};

// Recognises temporaries whose process must be gone, although it cannot be observed: those of other
// hosts, or of a host that had another name. Nobody has written to them for some time, which is
// measured here, as clocks may be wrong.
class AbandonedFiles {
 public:
  explicit AbandonedFiles(double after_s) : after_s_(after_s) {}

  // Call it at each look at the file, whose time of change is `changed_ns`.
  bool Holds(const std::string& name, int64_t changed_ns);

 private:
  struct Seen {
    int64_t changed_ns = 0;
    Stopwatch unchanged;
  };

  const double after_s_;
  std::unordered_map<std::string, Seen> seen_;  // by name
};

// An answer to a copier that asks for room.
struct Room {
  int descriptor = -1;      // of the new file, open for reading and writing; -1: no room was given
  bool is_at_work = false;  // another process makes this copy at this moment
  std::string refusal;      // the reason if neither
};

// Makes the temporary file of `copy` in options.folder, and takes `size_bytes` of the disk for it.
// It gives no room if the folder then had more bytes than --stage-most-gb, files of others
// included, or the disk fewer than --stage-free-gb left. Processes ask one at a time, by a lock of
// the folder. If the lock does not work, or another process holds it for two seconds, they may
// exceed these limits by one file each. The caller owns the descriptor. Removes abandoned
// temporaries of copies; the caller has called RemoveStaleTemporaries().
Room TakeRoom(const PendingFile& copy, int64_t size_bytes, const StagingOptions& options,
              AbandonedFiles* abandoned);

}  // namespace reel3d
