// time-index makes a folder with the tables of a large invented data set, without shards, and
// measures how long a rank takes to open it and to know an epoch's first clips, and its memory.
//
//   time-index --make 100000000 /tmp/large      # 6 GB
//   time-index /tmp/large
//   time-index --way sorted /tmp/large          # all rows in memory, all keys sorted, as a ratio
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/base/timer.h"
#include "lib/cli/tool.h"
#include "lib/loader/epoch_order.h"
#include "lib/loader/sampler.h"
#include "lib/shard/shard_set.h"

namespace reel3d::bench {
namespace {

namespace fs = std::filesystem;

enum class Way { kMapped, kSorted };
std::vector<NamedChoice<Way>> ChoicesOf(Way /*type*/) {
  return {{Way::kMapped, "mapped", "as the tools do"},
          {Way::kSorted, "sorted", "read index.tsv into memory and sort all keys"}};
}

struct TimeIndexOptions {
  std::string folder;
  int64_t make = 0;
  int64_t clips = 256;
  Way way = Way::kMapped;

  void Bind(OptionBinder& binder) {
    binder.Positional("FOLDER", &folder, "the folder to make, or to measure");
    binder.Bind("make", &make, {0, 1'000'000'000},
                "make the folder, for this many videos. 0: measure it");
    binder.Bind("clips", &clips, {1, 1'000'000'000}, "clips of the epoch to take");
    binder.Choice("way", &way, "what is measured");
  }
  void Check() const {}
};

constexpr size_t kVideosPerShard = 1000;
constexpr int kClasses = 400;

IndexedVideo MadeVideo(size_t row) {
  IndexedVideo video;
  video.shard = static_cast<int>(row / kVideosPerShard);
  video.video_index = static_cast<int>(row % kVideosPerShard);
  video.id = fmt::format("made_{:012}_{:07}", row * 7919 % 1'000'000'007, row % 10'000'000);
  video.label = static_cast<int>(row % kClasses);
  video.subset = row % 100 == 99 ? Subset::kValidation : Subset::kTraining;
  video.num_frames = 200 + static_cast<int>(row % 101);
  video.fps = 25;
  return video;
}

// A large index.tsv is only stated: an empty file of a likely size stands for it, as opening does
// not read it.
TableSum MakeTable(const fs::path& file, size_t count) {
  constexpr size_t kMostWritten = 5'000'000;
  if (count > kMostWritten) {
    std::ofstream(file).close();
    fs::resize_file(file, count * 60);
    return {count * 60, 1};
  }
  std::vector<IndexedVideo> videos;
  for (size_t row = 0; row < count; ++row) {
    videos.push_back(MadeVideo(row));
  }
  WriteIndex(file, videos);
  return SumOfFile(file);
}

void MakeFolder(const fs::path& folder, size_t count) {
  MakeFolders(folder);
  std::vector<std::string> classes;
  for (int i = 0; i < kClasses; ++i) {
    classes.push_back(fmt::format("class {:03}", i));
  }
  WriteClasses(folder / "classes.txt", classes);
  std::map<int, std::string> uuids;
  for (size_t row = 0; row < count; row += kVideosPerShard) {
    const auto number = static_cast<int>(row / kVideosPerShard);
    uuids.emplace(number, fmt::format("{:032x}", number));
  }
  WriteShardList(folder / "shards.tsv", uuids);
  WriteMissing(folder / "missing.tsv", {});
  const TableSum table = MakeTable(folder / "index.tsv", count);
  WriteIndexImage(folder / kIndexImageFile, count, MadeVideo, table);
  std::string done = fmt::format("{:08x}  {}  index.tsv\n", table.crc32, table.size_bytes);
  for (const char* name : {"shards.tsv", "classes.txt", "missing.tsv"}) {
    const TableSum sum = SumOfFile(folder / name);
    done += fmt::format("{:08x}  {}  {}\n", sum.crc32, sum.size_bytes, name);
  }
  WriteFileAtomically(folder / "DONE", done);
}

// Returns the memory that each further process on the machine would need as well, in MiB. Pages of
// the index's file are not in it: processes share them, and the kernel drops them at will.
double PrivateMib() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  double kib = 0;
  for (std::string word; rollup >> word;) {
    if (word == "Private_Dirty:") {
      rollup >> kib;
    }
  }
  return kib / 1024;
}

void MeasureMapped(const TimeIndexOptions& options) {
  const Stopwatch watch;
  const ShardSet shards(options.folder);
  const double open_s = watch.Seconds();
  EpochOrder order(shards.videos(), {});
  std::string last;
  double first_s = 0;
  double most_mib = PrivateMib();
  const int64_t count = std::min(options.clips, order.size());
  for (int64_t place = 0; place < count; ++place) {
    last = shards.videos()[order.At(place).video].id;
    if (place + 1 == std::min<int64_t>(256, count)) {
      first_s = watch.Seconds() - open_s;
    }
    if (place % 65536 == 0) {
      most_mib = std::max(most_mib, PrivateMib());
    }
  }
  fmt::print(
      "open {:.3f} s, first batch {:.3f} s, {} clips {:.3f} s, private {:.1f} MiB, last {}\n",
      open_s, first_s, count, watch.Seconds() - open_s, std::max(most_mib, PrivateMib()), last);
}

void MeasureSorted(const TimeIndexOptions& options) {
  const Stopwatch watch;
  const std::vector<IndexedVideo> videos = ReadIndex(fs::path(options.folder) / "index.tsv");
  const double open_s = watch.Seconds();
  struct Keyed {
    uint64_t key;
    Sample sample;
  };
  std::vector<Keyed> keyed;
  for (size_t video = 0; video < videos.size(); ++video) {
    if (videos[video].subset == Subset::kTraining) {
      Rng rng = SampleRng(videos[video], 0, 1 ^ StableHash("epoch order"), 0);
      keyed.push_back({rng.Next(), {video, 0}});
    }
  }
  std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    return std::tie(a.key, videos[a.sample.video].id) < std::tie(b.key, videos[b.sample.video].id);
  });
  const size_t count = std::min(static_cast<size_t>(options.clips), keyed.size());
  fmt::print("open {:.3f} s, first batch {:.3f} s, private {:.1f} MiB, last {}\n", open_s,
             watch.Seconds() - open_s, PrivateMib(), videos[keyed[count - 1].sample.video].id);
}

void Run(const TimeIndexOptions& options) {
  if (options.make > 0) {
    MakeFolder(options.folder, static_cast<size_t>(options.make));
  } else if (options.way == Way::kMapped) {
    MeasureMapped(options);
  } else {
    MeasureSorted(options);
  }
}

}  // namespace
}  // namespace reel3d::bench

int main(int argc, char** argv) {
  reel3d::bench::TimeIndexOptions options;
  const reel3d::ToolInfo info = {"time-index", "Measures the index of a large data set.",
                                 "It needs no shards. See the top of bench/time_index.cc."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    reel3d::bench::Run(options);
    return reel3d::ToolResult();
  });
}
