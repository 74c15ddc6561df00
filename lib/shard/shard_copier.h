// Copies the shards of a set to a disk of this node in the background, where ShardSet then reads
// them (ShardCopies). A copy appears under its name only when every frame of it has been checked.
// Several copiers may work in one folder: each copy is made by one of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lib/shard/copy_room.h"
#include "lib/shard/shard_copies.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

struct CopyReport {
  int64_t num_shards = 0;                    // to be copied
  int64_t num_copies = 0, copies_bytes = 0;  // of these, shards of which a complete copy is there
  std::string fault;                         // the first reason why a shard has no copy; or ""
};

class ShardCopier {
 public:
  // Returns numbers of shards; it may return early once `stop` returns true.
  using Order = std::function<std::vector<int>(const std::function<bool()>& stop)>;

  // Begins to copy, in the order of the numbers that `order` returns. `order` is called once, by
  // the copier's thread. A failure only means that shards are not copied: the log warns at the
  // first one, and sums up at the end. It says that all are copied if `tells_success`. `shards`
  // must outlive this object.
  ShardCopier(const ShardSet& shards, const StagingOptions& options, Order order,
              bool tells_success);
  // Ends the copying within some seconds. The copy at work is discarded.
  ~ShardCopier();
  ShardCopier(const ShardCopier&) = delete;
  ShardCopier& operator=(const ShardCopier&) = delete;

  // Waits until nothing is left to copy.
  CopyReport Await();

 private:
  struct Job {
    std::string uuid;
    std::filesystem::path from, to;
    int64_t size_bytes = -1;  // not known yet
  };
  // kLater: another process makes this copy. kFull: no further copy can be made.
  enum class Outcome { kThere, kLater, kFailed, kFull };

  void Run();
  std::vector<Job> ListJobs();
  std::vector<Job> DoJobs(std::vector<Job> jobs);
  Outcome Do(Job* job);
  Outcome FindSize(Job* job);
  Outcome Copy(const Job& job);
  Outcome Fill(const Job& job, int to);
  Outcome Fail(Outcome outcome, const std::string& why);
  bool IsStopping();
  void Tell();

  const ShardSet& shards_;
  const StagingOptions options_;
  const Order order_;
  const bool tells_success_;
  AbandonedFiles abandoned_;  // only used by the thread
  bool is_full_ = false;      // only used by the thread
  std::mutex mutex_;          // guards the members below
  std::condition_variable changed_;
  CopyReport report_;
  bool is_stopping_ = false, is_finished_ = false;
  std::thread thread_;
};

}  // namespace reel3d
