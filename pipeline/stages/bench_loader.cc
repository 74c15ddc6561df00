// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/bench_loader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/plural.h"
#include "lib/base/timer.h"
#include "lib/frames/crop_decoder.h"
#include "lib/frames/frame_decoder.h"
#include "lib/loader/batch_loader.h"
#include "lib/shard/shard_set.h"

namespace reel3d {
namespace {

// Returns the resident memory of this process.
int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  statm >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// Measures the loader as training uses it.
void MeasureLoader(const ShardSet& shards, const BenchLoaderOptions& options,
                   BenchLoaderReport* report) {
  BatchLoaderOptions loader_options;
  loader_options.clip_length = options.clip.length;
  loader_options.size = options.crop.size;
  loader_options.threads = options.threads;
  loader_options.decoding = options.decoding;
  const Stopwatch clock;
  const double cpu_before_s = CpuSeconds();
  BatchLoader loader(DrawBatches(shards, options), FramesOf(shards), loader_options);
  Batch batch;
  while (loader.Next(&batch)) {
    report->num_clips += batch.size();
    if (report->early_rss_bytes == 0 && 10 * report->num_clips >= options.clips) {
      report->early_rss_bytes = ResidentBytes();
    }
  }
  report->rss_bytes = ResidentBytes();
  report->seconds = clock.Seconds();
  report->cpu_s = CpuSeconds() - cpu_before_s;
  report->threads = ThreadCount(options.threads);
}

// Measures the phases in this thread, with the same clips or as many as kLongest_s allows.
void MeasurePhases(const ShardSet& shards, const BenchLoaderOptions& options,
                   BenchLoaderReport* report) {
  constexpr double kLongest_s = 5;
  jpeg::CropDecoder decoder;
  FrameDecoder headers;
  std::vector<uint8_t> pixels(size_t{3} * options.crop.size * options.crop.size);
  FrameBytes frames;
  std::vector<int> indices;
  double read_s = 0;
  double check_s = 0;
  int64_t num_clips = 0;
  int64_t num_frames = 0;
  int64_t num_fast = 0;
  const Stopwatch whole;
  while (num_clips < options.clips && whole.Seconds() < kLongest_s) {
    const ClipRequest request = DrawClip(shards, options, num_clips);
    const auto first = request.clip.frames.begin();
    indices.assign(first, first + request.clip.num_distinct);
    const Stopwatch read_clock;
    shards.ReadFrames(request.video, indices, &frames);
    read_s += read_clock.Seconds();
    const Stopwatch check_clock;
    REEL3D_CHECK(frames.FindDamaged() == frames.size());
    check_s += check_clock.Seconds();
    Rng rng = request.crop_rng;
    const FrameJpeg opening{indices[0], frames.data(0), frames.size_bytes(0)};
    const CropPlan plan = DrawCrop(options.crop, headers.ReadSize(opening), rng);
    for (size_t t = 0; t < frames.size(); ++t) {
      num_fast += decoder.Decode(frames.data(t), frames.size_bytes(t), plan, pixels.data(),
                                 int64_t{options.crop.size} * options.crop.size)
                      ? 1
                      : 0;
      ++num_frames;
    }
    ++num_clips;
  }
  const double to_ms = 1000 / static_cast<double>(std::max<int64_t>(1, num_clips));
  report->read_ms = (read_s - check_s) * to_ms;  // ReadFrames() includes the check
  report->check_ms = check_s * to_ms;
  report->scan_ms = decoder.phases().scan_s * to_ms;
  report->decode_ms = decoder.phases().decode_s * to_ms;
  report->resize_ms = decoder.phases().resize_s * to_ms;
  report->fast_share =
      static_cast<double>(num_fast) / static_cast<double>(std::max<int64_t>(1, num_frames));
}

}  // namespace

void BenchLoaderOptions::Bind(OptionBinder& binder) {
  binder.Positional("SHARDS_DIR", &shards_dir, "folder made by pack-shards");
  binder.Bind("clips", &clips, {1, 1'000'000'000}, "number of clips to load");
  binder.Bind("batch", &batch, {1, 100'000}, "clips in a batch; three batches are kept in memory");
  binder.Bind("threads", &threads, {0, 1024},
              "threads of the loader; 0: one for each core that the job may use");
  binder.Bind("clip-length", &clip.length, {1, 4096}, "frames of a clip");
  binder.Bind("stride", &clip.stride, {1, 1024},
              "take every n-th frame of the video for a clip; 1: consecutive frames");
  crop.Bind(binder);
  binder.Choice("decoding", &decoding, "how frames become pixels, as in train-r3d");
  binder.Bind("seed", &seed, {0, INT64_MAX}, "number that decides videos, clips and crops");
}

void BenchLoaderOptions::Check() const {
  clip.Check();
  crop.Check();
}

nlohmann::ordered_json BenchLoaderReport::ToJson() const {
  return {{"clips_per_s", ClipsPerSecond()},
          {"clips_per_s_per_core", ClipsPerSecondPerCore()},
          {"threads", threads},
          {"num_clips", num_clips},
          {"seconds", seconds},
          {"cpu_s", cpu_s},
          {"phases_ms",
           {{"read", read_ms},
            {"check", check_ms},
            {"scan", scan_ms},
            {"decode", decode_ms},
            {"resize", resize_ms}}},
          {"fast_share", fast_share},
          {"early_rss_bytes", early_rss_bytes},
          {"rss_bytes", rss_bytes}};
}

std::string BenchLoaderReport::ToText() const {
  return fmt::format(
      "{:.0f} clips/s by {}: {:.0f} clips/s for each core's time\n"
      "a clip in one thread, ms: read {:.3f}  check {:.3f}  scan {:.3f}  decode {:.3f}  resize "
      "{:.3f}\n"
      "{:.1f} % of the frames decoded fast; {:.0f} MB of memory, {:.0f} after a tenth of the "
      "clips\n",
      ClipsPerSecond(), Count(threads, "thread"), ClipsPerSecondPerCore(), read_ms, check_ms,
      scan_ms, decode_ms, resize_ms, 100 * fast_share, static_cast<double>(rss_bytes) / 1e6,
      static_cast<double>(early_rss_bytes) / 1e6);
}

BenchLoaderReport RunBenchLoader(const BenchLoaderOptions& options) {
  const ShardSet shards(options.shards_dir);
  if (shards.videos().empty()) {
    throw InputError(options.shards_dir + ": holds no videos");
  }
  BenchLoaderReport report;
  MeasureLoader(shards, options, &report);
  MeasurePhases(shards, options, &report);
  return report;
}

}  // namespace reel3d
