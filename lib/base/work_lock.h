// Lets one process at a time work in a folder that several hosts may see. It needs no locks of the
// file system: NFS and Lustre may lack flock, or have one that only processes of one host respect.
//
//   lock         an empty file, locked by flock while the work goes on, where flock works
//   lock.holder  stands there while the work goes on; states host, process, job and start of the
//                holder in JSON. It is created exclusively, and its time of change is renewed every
//                few seconds (the beat)
//
// A lock is free if no other process holds the flock, and lock.holder is absent or stale. It is
// stale if its process is gone (judged on the same machine), or if it has had no beat for
// `stale_s`. Processes that find a stale lock replace it one at a time: the one that creates
// .lock.taking exclusively. Two hold the lock at once only if a process stands still between two
// steps of that, and its .lock.taking becomes stale; the next beat tells the one that lost. Times
// are the file system's own, or measured here: the clocks of hosts may differ.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "lib/base/held_folder.h"
#include "lib/base/timer.h"

namespace reel3d {

constexpr const char* kLockFile = "lock";
constexpr const char* kLockHolderFile = "lock.holder";

// Tries to lock the open file by flock. Returns 0, or the errno.
int TryFlock(int descriptor);

struct WorkLockOptions {
  std::string worker;  // the program that works there, such as "train-r3d"
  // The longest wait for a holder that is alive. One of which this is not known is waited for by up
  // to `stale_s` more.
  double patience_s = 10;
  double stale_s = 60;         // a holder without a beat for so long is gone
  double beat_s = 5;           // time between beats of our own
  std::function<bool()> stop;  // returns true to end the wait without the lock; may be empty
  // A thread of the lock calls this once if the lock is lost: this process had no beat for
  // `stale_s`, and another process took the lock over or lock.holder was removed. May be empty.
  std::function<void(const std::string& message)> on_lost;
  std::function<int(int)> try_flock = TryFlock;
};

class WorkLock {
 public:
  // Waits for a lock that another process has, and logs who has it. Throws an environment error
  // that names the holder if it is still at work after `patience_s`, or if no lock can be made or
  // taken over.
  WorkLock(const std::filesystem::path& folder, WorkLockOptions options);
  ~WorkLock();  // frees the lock
  WorkLock(const WorkLock&) = delete;
  WorkLock& operator=(const WorkLock&) = delete;

  // Returns false if options.stop() has ended the wait.
  bool is_held() const { return is_held_; }

 private:
  struct Descriptor {
    int number = -1;
    ~Descriptor();
  };
  // Keeps what has been seen of another holder while waiting for it.
  struct Watch {
    std::string text;
    int64_t beat_ns = 0;
    Stopwatch unchanged;
    bool has_beaten = false;  // since the wait began
  };

  void Wait();
  bool TakeFlock();
  bool TakeHolderFile();
  void LookAtHolder();
  static void LookAt(const std::filesystem::path& file, Watch* watch);
  bool IsStale(const Watch& watch) const;
  bool MayBeStale() const;
  bool TakeOver();
  std::string Holder() const;
  std::optional<int64_t> FileSystemTime() const;
  void Beat();
  bool BeatOnce();

  std::filesystem::path folder_;
  std::filesystem::path holder_file_;
  WorkLockOptions options_;
  HeldFolder held_folder_;
  Descriptor file_;
  bool flock_works_ = true;
  bool has_flock_ = false;
  bool is_held_ = false;
  Watch watch_;
  Watch taking_;     // the file of a process that takes over
  std::string own_;  // content of our lock.holder
  Stopwatch since_beat_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_ending_ = false;
  std::thread beating_;
};

}  // namespace reel3d
