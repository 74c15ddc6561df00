// list_batches make SHARDS writes a small folder of shards and a score file.
// list_batches list SHARDS EPOCH FIRST_STEP MICRO_BATCH RANK NUM_RANKS prints a rank's batches of
// an epoch, one line "step part checksum video:first_frame..." each. It uses the classes of
// train-r3d, and python/tests compares the Python package with it. Batches have 8 clips of 48 x 48
// pixels.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "lib/base/file.h"
#include "lib/eval/score_file.h"
#include "lib/loader/epoch_loaders.h"
#include "lib/shard/shard_writer.h"
#include "lib/shard/video_scan.h"
#include "tests/frames/jpeg_pictures.h"

namespace {

using namespace reel3d;
namespace fs = std::filesystem;

constexpr int kNumShards = 2, kVideosOfShard = 12;

// Each fourth video is for validation.
void MakeShard(const fs::path& folder, int number, std::vector<IndexedVideo>* index,
               std::map<int, std::string>* uuids) {
  std::vector<VideoScan> scans;
  std::vector<std::vector<uint8_t>> frames;
  for (int i = 0; i < kVideosOfShard; ++i) {
    ShardVideo video;
    video.id = fmt::format("video{:02}", number * kVideosOfShard + i);
    video.label = i % 2;
    video.width = 96;
    video.height = 64;
    video.fps_num = 25;
    video.fps_den = 1;
    const int num_frames = 10 + 2 * i;  // some are shorter than a clip
    VideoScan scan(video);
    for (int frame = 0; frame < num_frames; ++frame) {
      frames.push_back(test::MakeJpeg({video.width, video.height}, number * 1000 + i * 40 + frame));
      scan.AddFrame(frames.back());
    }
    scans.push_back(std::move(scan));
    index->push_back({number, i, video.id, video.label,
                      i % 4 == 3 ? Subset::kValidation : Subset::kTraining, num_frames, 25});
  }
  const ShardTable table = MakeTable(scans, {"jump", "wave"});
  ShardWriter writer(folder / fmt::format("{:05}.h5", number), table, "0123456789abcdef");
  for (const auto& frame : frames) {
    writer.Append(frame);
  }
  writer.Publish();
  uuids->emplace(number, ContentUuid(table));
}

int Make(const fs::path& folder) {
  fs::create_directories(folder);
  std::vector<IndexedVideo> index;
  std::map<int, std::string> uuids;
  for (int shard = 0; shard < kNumShards; ++shard) {
    MakeShard(folder, shard, &index, &uuids);
  }
  WriteIndex(folder / "index.tsv", index);
  WriteShardList(folder / "shards.tsv", uuids);
  WriteClasses(folder / "classes.txt", {"jump", "wave"});
  WriteMissing(folder / "missing.tsv", {});
  WriteFileAtomically(folder / "DONE", FormatTableChecksums(folder));
  return 0;
}

int List(char** argv) {
  const ShardSet shards(argv[2]);
  EpochOptions options;
  options.batch = 8;
  options.crop.size = 48;
  options.last_batch = LastBatch::kKeep;
  options.micro_batch = std::atoi(argv[5]);
  const EpochLoaders loaders(shards, options, std::atoi(argv[6]), std::atoi(argv[7]));
  const int64_t first_step = std::atoi(argv[4]);
  const auto loader = loaders.Training(std::atoi(argv[3]), first_step, 1);
  Batch batch;
  for (int64_t step = first_step; step < loaders.partition().NumSteps(); ++step) {
    for (int64_t part = 0; part < loaders.partition().NumMicroBatches(step); ++part) {
      loader->Next(&batch);
      std::string line =
          fmt::format("{} {} {:08x}", step, part, Crc32(batch.pixels.data(), batch.pixels.size()));
      for (const ClipRequest& clip : batch.clips) {
        line += fmt::format(" {}:{}", shards.videos()[clip.video].id, clip.clip.frames.front());
      }
      std::puts(line.c_str());
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return argc == 8 ? List(argv) : Make(argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
