// list_clips SHARDS EPOCH FIRST_STEP MICRO_BATCH prints the training clips of an epoch in order,
// from FIRST_STEP on. A clip is a line "step video first_frame checksum". The output does not
// depend on the number of ranks. resume_test runs this program under mpirun.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "lib/base/file.h"
#include "lib/dist/world.h"
#include "lib/train/loop/epoch_data.h"

namespace {

using namespace reel3d;

// Returns the lines of this rank's clips of its next micro-batch.
std::string Lines(const ShardSet& shards, int64_t step, Batch& batch, size_t clip_bytes) {
  std::string lines;
  for (size_t clip = 0; clip < batch.clips.size(); ++clip) {
    const ClipRequest& request = batch.clips[clip];
    lines += fmt::format("{} {} {} {:08x}\n", step, shards.videos()[request.video].id,
                         request.clip.frames.front(),
                         Crc32(batch.pixels.data() + clip * clip_bytes, clip_bytes));
  }
  return lines;
}

}  // namespace

int main(int /*argc*/, char** argv) {
  const World world;
  const ShardSet shards(argv[1]);
  TrainOptions options;
  options.batch = 8;
  options.crop.size = 48;
  options.micro_batch = std::atoi(argv[4]);
  const EpochData data(shards, options, world, at::kCPU);
  const int64_t first_step = std::atoi(argv[3]);
  const auto loader = data.Training(std::atoi(argv[2]), first_step, 1);
  Batch batch;
  const auto clip_bytes = static_cast<size_t>(3 * options.clip.length * 48 * 48);
  for (int64_t step = first_step; step < data.partition().NumSteps(); ++step) {
    std::string own;
    for (int64_t part = 0; part < data.partition().NumMicroBatches(step); ++part) {
      loader->Next(&batch);
      own += Lines(shards, step, batch, clip_bytes);
    }
    for (const std::string& lines : world.Gather(own)) {
      if (world.is_main()) {
        std::fputs(lines.c_str(), stdout);
      }
    }
  }
}
