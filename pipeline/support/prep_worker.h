// Preparing a video in a process of its own: whatever the video does there, crash the decoder, make
// it hang or ask for all memory, costs that video alone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lib/base/child_process.h"
#include "lib/video/video_decoder.h"
#include "pipeline/support/prepare_video.h"

namespace reel3d {

// A program that is started with this as its only argument calls RunPrepWorker() and ends.
constexpr const char* kPrepWorkerArgument = "--prepare-videos-as-worker";
int RunPrepWorker();

struct PrepWorkerOptions {
  std::string program = "/proc/self/exe";
  double stall_s = 120;  // seconds without a frame after which a video is given up
  double timeout_s = 0;  // seconds for one video in all; 0: no limit
  int memory_mb = 4096;  // megabytes of address space, at most what the job has; 0: no limit
};

// One thread, which must live as long as the work given. The process starts with the first video
// and serves until one fails; the next video then gets a new one.
class PrepWorker {
 public:
  explicit PrepWorker(PrepWorkerOptions options) : options_(std::move(options)) {}

  // As PrepareVideo(), whose errors come across; a worker that crashes, hangs or takes too much is
  // an input error, too. `on_frames` gets the number of frames encoded so far, now and then.
  DecodeSummary Prepare(const PrepareRequest& request,
                        const std::function<void(int64_t num_frames)>& on_frames);

 private:
  void Start();
  void Submit(const PrepareRequest& request);
  // False if the worker has gone; no bytes if it has not been heard.
  bool Hear(double patience_s, std::string* bytes);
  [[noreturn]] void GiveUp(const std::string& why);

  PrepWorkerOptions options_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace reel3d
