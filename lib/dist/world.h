// Holds the number of this process among the ranks that mpirun or srun started, and exchanges small
// values, but no tensors, between ranks. A process started alone is a world of one rank, and
// nothing else differs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace reel3d {

// Starts MPI; the destructor ends it. Make one object per process, and destroy everything that
// communicates (process groups, DataParallel) before that object. Every method except rank(),
// size(), host(), is_main() and Abort() is collective: each rank calls it, in the same order, from
// one thread at a time.
class World {
 public:
  // Throws an environment error if MPI cannot start or does not allow calls from several threads,
  // and if a launcher has started processes together that MPI does not find (RequireOthersFound()).
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  const std::string& host() const { return host_; }
  bool is_main() const { return rank_ == 0; }

  // Runs `work`. With several ranks an exception is logged with rank and host, and ends all ranks
  // at once with the exception's exit status, since they may be waiting for this one. Only the main
  // rank logs a usage error. With one rank the exception is just thrown.
  void Run(const std::function<void()>& work) const;

  // Ends all ranks at once with this exit status. It is not collective, and any thread may call it.
  [[noreturn]] void Abort(int exit_status) const;

  void Barrier() const;
  // Returns the largest `value` of all ranks, on every rank.
  int64_t Max(int64_t value) const;
  // Returns true on every rank if `value` is true on any rank.
  bool Any(bool value) const { return Or(value ? 1 : 0) != 0; }
  // Returns, on every rank, the bits that are set on any rank.
  uint64_t Or(uint64_t bits) const;
  // Returns rank 0's text on every rank.
  std::string Broadcast(std::string text) const;
  // Returns the texts of all ranks, in rank order, on every rank.
  std::vector<std::string> Gather(const std::string& text) const;

 private:
  int rank_ = 0, size_ = 1;
  std::string host_;
  int exceptions_at_start_ = 0;
};

// Returns the version of the MPI library in use, such as "4.1.4".
std::string MpiVersion();

}  // namespace reel3d
