// Prepares videos in a separate process. If a video crashes the decoder, makes it hang or takes all
// memory, only this video fails.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lib/base/child_process.h"
#include "lib/base/timer.h"
#include "lib/video/video_decoder.h"
#include "pipeline/support/prepare_video.h"

namespace reel3d {

// A program that is started with kPrepWorkerArgument as its only argument calls RunPrepWorker() and
// ends.
constexpr const char* kPrepWorkerArgument = "--prepare-videos-as-worker";
int RunPrepWorker();

// Memory to plan for each worker; enough for frames of 4096 x 2160.
constexpr int64_t kPrepWorker_bytes = int64_t{1} << 30;

struct PrepWorkerOptions {
  std::string program = "/proc/self/exe";
  double stall_s = 120;  // a video fails after so many seconds without a frame
  double timeout_s = 0;  // limit for one video in seconds; 0: no limit
  int memory_mb = 4096;  // limit of address space in MB, capped by the job's memory; 0: no limit
  // Is asked about once a second while a video is prepared. If it returns true, the video is left:
  // it fails, and its worker is killed.
  std::function<bool()> is_stopping = {};
};

// Use it from one thread. The worker process is killed when this thread ends. The process starts
// with the first video. It ends when it crashes, hangs or takes too much, or when a single part
// fails; then the next video gets a new process.
class PrepWorker {
 public:
  explicit PrepWorker(PrepWorkerOptions options) : options_(std::move(options)) {}

  // Does what PrepareParts() does, and throws its errors. Also throws an input error if the worker
  // crashes, hangs or takes too much; parts that on_part() has got are complete nevertheless.
  // `on_frames` gets the number of frames encoded so far, now and then.
  void PrepareParts(const PrepareRequest& request,
                    const std::function<void(int64_t num_frames)>& on_frames,
                    const OnPreparedPart& on_part);

  // Does what PrepareVideo() does, and throws its errors. Otherwise as above.
  DecodeSummary Prepare(const PrepareRequest& request,
                        const std::function<void(int64_t num_frames)>& on_frames);

  // Returns the height of a video in pixels, as stored. Throws an input error if the file is no
  // video, and otherwise as above.
  int SourceHeight(const std::string& source);

  // Returns true if videos are to be left.
  bool IsStopping() const { return options_.is_stopping && options_.is_stopping(); }

 private:
  void Start();
  void Submit(const std::string& message);
  // Returns the worker's next message. Throws an input error if it gives none.
  std::string Await(const std::string& what, const Stopwatch& clock);
  // Returns false if the worker has ended. `bytes` is empty if the worker sent nothing in time.
  bool Hear(double patience_s, std::string* bytes);
  [[noreturn]] void GiveUp(const std::string& why);

  PrepWorkerOptions options_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace reel3d
