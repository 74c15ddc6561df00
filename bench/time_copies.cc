// time-copies reads the same random clips from shards and from copies of them (train-r3d
// --stage-to), in turns, and prints milliseconds a clip and the ratio.
//
//   time-copies SHARDS_DIR /tmp/stage
//
// LD_PRELOAD=libstalling_reads.so with REEL3D_SLOW_FOLDER and REEL3D_SLOW_US simulates a slow
// shared folder (tests/train/stalling_reads.cc).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/timer.h"
#include "lib/cli/tool.h"
#include "lib/loader/batch_loader.h"
#include "lib/shard/shard_copier.h"
#include "lib/shard/shard_set.h"
#include "pipeline/support/random_clips.h"

namespace reel3d::bench {
namespace {

struct TimeCopiesOptions : RandomClips {
  std::string shards_dir;
  std::string copies_dir;
  int rounds = 9;
  int threads = 1;

  void Bind(OptionBinder& binder) {
    binder.Positional("SHARDS_DIR", &shards_dir, "folder made by pack-shards");
    binder.Positional("COPIES_DIR", &copies_dir, "folder for the copies");
    binder.Bind("clips", &clips, {1, 1'000'000'000}, "clips in each round");
    binder.Bind("rounds", &rounds, {1, 10'000}, "rounds of both ways");
    binder.Bind("threads", &threads, {1, 1024}, "threads of the loader");
  }
  void Check() const {}
};

// Returns the seconds that loading all clips takes.
double Load(const ShardSet& shards, const TimeCopiesOptions& options, int64_t* copied_bytes) {
  BatchLoaderOptions loader_options;
  loader_options.clip_length = options.clip.length;
  loader_options.size = options.crop.size;
  loader_options.threads = options.threads;
  const Stopwatch clock;
  BatchLoader loader(DrawBatches(shards, options), FramesOf(shards), loader_options);
  Batch batch;
  while (loader.Next(&batch)) {
    *copied_bytes += batch.cost.copied_bytes;
  }
  return clock.Seconds();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

ToolResult TimeCopies(const TimeCopiesOptions& options) {
  const ShardSet shards(options.shards_dir);
  ShardSet copied(options.shards_dir);
  StagingOptions staging;
  staging.folder = options.copies_dir;
  std::vector<int> numbers;
  for (const IndexShard& shard : shards.videos().shards()) {
    numbers.push_back(static_cast<int>(shard.number));
  }
  const Stopwatch copying;
  const CopyReport report =
      ShardCopier(
          shards, staging, [&](const auto& /*stop*/) { return numbers; }, /*tells_success=*/true)
          .Await();
  const double copying_s = copying.Seconds();
  if (report.num_copies < report.num_shards) {
    throw EnvironmentError("not all shards could be copied: " + report.fault);
  }
  copied.ReadCopiesIn(options.copies_dir);
  std::array<std::vector<double>, 2> ms;
  std::vector<double> ratios;
  std::array<int64_t, 2> copied_bytes{};
  for (int round = 0; round < options.rounds; ++round) {
    for (size_t turn = 0; turn < 2; ++turn) {
      const size_t way = (turn + static_cast<size_t>(round)) % 2;
      const double seconds = Load(way == 0 ? shards : copied, options, &copied_bytes.at(way));
      ms.at(way).push_back(1000 * seconds / static_cast<double>(options.clips));
    }
    ratios.push_back(ms[0].back() / ms[1].back());
  }
  REEL3D_CHECK(copied_bytes[0] == 0 && copied_bytes[1] > 0);
  ToolResult result;
  result.json = {{"copy_s", copying_s},
                 {"copy_bytes", report.copies_bytes},
                 {"shards_ms", Median(ms[0])},
                 {"copies_ms", Median(ms[1])},
                 {"ratio", Median(ratios)},
                 {"least_ratio", *std::min_element(ratios.begin(), ratios.end())},
                 {"most_ratio", *std::max_element(ratios.begin(), ratios.end())}};
  result.text = fmt::format(
      "copied {:.3g} GB in {:.3g} s (checked)\n"
      "a clip from shards {:.3f} ms, from copies {:.3f} ms; ratio {:.3f} ({:.3f} to {:.3f})\n",
      static_cast<double>(report.copies_bytes) / 1e9, copying_s, Median(ms[0]), Median(ms[1]),
      Median(ratios), *std::min_element(ratios.begin(), ratios.end()),
      *std::max_element(ratios.begin(), ratios.end()));
  return result;
}

}  // namespace
}  // namespace reel3d::bench

int main(int argc, char** argv) {
  reel3d::bench::TimeCopiesOptions options;
  const reel3d::ToolInfo info = {"time-copies", "Measures how fast copies of shards are read.",
                                 "See the top of bench/time_copies.cc."};
  return reel3d::RunTool(info, argc, argv, options,
                         [&] { return reel3d::bench::TimeCopies(options); });
}
