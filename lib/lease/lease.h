// The right of one process to do a piece of work, as a file in a folder that several hosts see
// (lib/lease/lease_folder.h gives it out).
//
// While the lease is held, a thread raises the counter in the file (the beat). Others take the
// lease over if they see no beat for long enough. Then two processes may do the same work: a lease
// saves work, and does not protect files. Work under a lease must give the same result when it is
// done twice, and must be published by renaming.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "lib/lease/lease_state.h"

namespace reel3d {

class Lease {
 public:
  // Begins to beat in the open, empty file `descriptor`, which has the name `file`, and owns it.
  Lease(std::filesystem::path file, int descriptor, double beat_s);
  ~Lease();  // gives the lease back, so that anybody can take it at once
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  // States what the holder works on, for people who look for the item that ends its processes. The
  // next beat writes it; with `at_once` it is in the file before this returns. Any thread may call
  // it.
  void Note(const std::string& at, int64_t num_finished, bool at_once);

  // Returns false if another process has taken the lease over. Any thread may call it.
  bool IsOurs() const;

  // Gives the lease back, and leaves a record of the attempt with the reason (LeaseFolder::Ended).
  void Fail(const std::string& why);

  // Gives the lease back without a record. The process must not work on. Any thread may call it.
  void GiveBack();

 private:
  void Beat();
  void Write();
  void EndBeats();

  const std::filesystem::path file_;
  const int descriptor_;
  const double beat_s_;
  std::mutex mutex_;  // guards what follows
  LeaseState state_;
  bool is_ending_ = false;
  std::condition_variable wake_;
  std::thread beating_;
};

// Returns the name under which the file of a lease is kept after its holder has ended.
std::filesystem::path EndedName(const std::filesystem::path& file, const std::string& token);

}  // namespace reel3d
