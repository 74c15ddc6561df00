// Prepares videos that are in no shard ahead of their consumer, several at a time. Each thread has
// a worker process of its own, so a video that crashes or hangs the decoder ends only itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "pipeline/support/prep_worker.h"
#include "pipeline/support/raw_video.h"

namespace reel3d {

class RawVideoQueue {
 public:
  // Starts `num_threads` threads, which prepare the files of `requests` in their order, at most
  // this number ahead of Next(). So the prepared parts of at most twice this number of requests are
  // on disk. A file is decoded once for all parts of a request. Throws an environment error if a
  // thread cannot be started.
  RawVideoQueue(std::vector<PrepareRequest> requests, const PrepWorkerOptions& worker,
                int num_threads);
  // Stops the threads. A video that is being prepared is left, even if its decoder hangs.
  ~RawVideoQueue();
  RawVideoQueue(const RawVideoQueue&) = delete;
  RawVideoQueue& operator=(const RawVideoQueue&) = delete;

  // Waits for the next video, as many times as the requests have parts. Throws what RawVideo's
  // constructor threw for it; the call after that gives the video behind it. One thread.
  std::unique_ptr<RawVideo> Next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
