// time-loaders measures our loader and its C++ peers on the same clips from the same shards, with
// one thread each. bench/loaders.py runs it beside the Python peers; run by hand, it measures
// without them.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bench/clip_list.h"
#include "bench/full_decode.h"
#include "bench/virtual_crop.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/timer.h"
#include "lib/cli/tool.h"
#include "lib/loader/batch_loader.h"
#include "lib/shard/shard_reader.h"
#include "lib/shard/shard_set.h"

namespace reel3d::bench {
namespace {

constexpr int kClipLength = 16;

struct TimeLoadersOptions {
  std::string shards_dir;
  std::string loaders = "ours,ours-exact,virtual-crop,full-decode,read,copy";
  int64_t clips = 210;
  int64_t seed = 1;
  int passes = 3;
  std::string clip_list;
  std::string pixels_dir;

  void Bind(OptionBinder& binder) {
    binder.Positional("SHARDS_DIR", &shards_dir, "folder made by pack-shards");
    binder.Bind("loaders", &loaders, "which, in this order (comma separated)");
    binder.Bind("clips", &clips, {1, 1'000'000}, "how many to draw");
    binder.Bind("seed", &seed, {0, INT64_MAX}, "decides clips and crops");
    binder.Bind("passes", &passes, {1, 1'000'000}, "over all clips, after one that is not timed");
    binder.Bind("clip-list", &clip_list, "write the clips here, for loaders in other languages");
    binder.Bind("pixels", &pixels_dir, "write each loader's pixels here, NAME.u8, clip by clip");
  }
  void Check() const {}
};

// The clips that a loader writes: [clip][3][T][S][S]. The vector is empty while a loader is timed.
using Pixels = std::vector<uint8_t>;

// Runs the product's loader as training uses it, with one thread.
void LoadOurs(const ShardSet& shards, const ClipList& list, Decoding decoding, int passes,
              Pixels* pixels) {
  std::vector<ClipRequest> requests;
  for (int pass = 0; pass < passes; ++pass) {
    for (const BenchClip& clip : list.clips) {
      requests.push_back(clip.request);
    }
  }
  constexpr int kBatch = 32;
  BatchRequests batches = BatchesOf(std::move(requests), kBatch);
  batches.crop = [&](const ClipRequest& /*clip*/, FrameSize frame, Rng& rng) {
    return DrawCrop(list.crop, frame, rng);
  };
  BatchLoaderOptions options;
  options.clip_length = kClipLength;
  options.size = list.crop.size;
  options.threads = 1;
  options.decoding = decoding;
  BatchLoader loader(std::move(batches), FramesOf(shards), options);
  Batch batch;
  while (loader.Next(&batch)) {
    if (pixels != nullptr) {
      pixels->insert(pixels->end(), batch.pixels.data(), batch.pixels.data() + batch.pixels.size());
    }
  }
}

// Reads each clip with a single read like lib/loader, but without checksums. The peers then decode
// it frame by frame.
class PeerReader {
 public:
  explicit PeerReader(const ShardSet& shards) : shards_(shards) {
    for (const IndexedVideo& video : shards.videos()) {
      readers_.try_emplace(video.shard, shards.folder() / ShardFileName(video.shard));
    }
  }

  const FrameBytes& Read(const ClipRequest& request) {
    bytes_.Clear();
    const auto [reader, first] = Find(request);
    reader->frames()->Read(first, static_cast<size_t>(request.clip.num_distinct), &bytes_);
    return bytes_;
  }
  // Returns the clip's bytes [begin, end) in the shard.
  std::pair<uint64_t, uint64_t> Extent(const ClipRequest& request) const {
    const auto [reader, first] = Find(request);
    const std::vector<uint64_t>& offsets = reader->table().offsets;
    return {offsets[first], offsets[first + static_cast<size_t>(request.clip.num_distinct)]};
  }

 private:
  std::pair<const ShardReader*, uint64_t> Find(const ClipRequest& request) const {
    const IndexedVideo video = shards_.videos()[request.video];
    const ShardReader& reader = readers_.at(video.shard);
    const auto row = static_cast<size_t>(video.video_index);
    return {&reader,
            reader.table().first_frames[row] + static_cast<uint64_t>(request.clip.frames[0])};
  }

  const ShardSet& shards_;
  std::map<int, ShardReader> readers_;
  FrameBytes bytes_;
};

template <class Decoder>
void LoadWith(Decoder* decoder, PeerReader* reader, const ClipList& list, int passes,
              Pixels* pixels) {
  const auto area = static_cast<size_t>(list.crop.size) * static_cast<size_t>(list.crop.size);
  const size_t clip_bytes = 3 * kClipLength * area;
  std::vector<uint8_t> out(clip_bytes);
  for (int pass = 0; pass < passes; ++pass) {
    for (const BenchClip& clip : list.clips) {
      const FrameBytes& frames = reader->Read(clip.request);
      for (size_t t = 0; t < kClipLength; ++t) {
        const size_t frame = t % frames.size();
        decoder->Decode(frames.data(frame), frames.size_bytes(frame), clip.plan,
                        out.data() + t * area, static_cast<int64_t>(kClipLength * area));
      }
      if (pixels != nullptr) {
        pixels->insert(pixels->end(), out.begin(), out.end());
      }
    }
  }
}

void OnlyRead(PeerReader* reader, const ClipList& list, int passes) {
  for (int pass = 0; pass < passes; ++pass) {
    for (const BenchClip& clip : list.clips) {
      reader->Read(clip.request);
    }
  }
}

// Measures the lower limit of any read: the same number of bytes copied from memory to memory.
void OnlyCopy(const PeerReader& reader, const ClipList& list, int passes) {
  static const Pixels memory(size_t{64} << 20, uint8_t{1});
  static Pixels out(size_t{8} << 20);
  for (int pass = 0; pass < passes; ++pass) {
    for (const BenchClip& clip : list.clips) {
      const auto [begin, end] = reader.Extent(clip.request);
      const size_t size = std::min(end - begin, out.size());
      std::memcpy(out.data(), memory.data() + begin % (memory.size() - size), size);
      asm volatile("" : : "r"(out.data()) : "memory");  // keeps the compiler from removing the copy
    }
  }
}

// Loads all clips `passes` times. Fills `pixels` if it is not null and the loader makes pixels.
using Loader = std::function<void(int passes, Pixels* pixels)>;

std::map<std::string, Loader> MakeLoaders(const ShardSet& shards, const ClipList& list) {
  const auto reader = std::make_shared<PeerReader>(shards);
  const auto ours = [&](Decoding decoding) {
    return [&shards, &list, decoding](int passes, Pixels* pixels) {
      LoadOurs(shards, list, decoding, passes, pixels);
    };
  };
  const auto peer = [&](const auto& decoder) {
    return [decoder, reader, &list](int passes, Pixels* pixels) {
      LoadWith(decoder.get(), reader.get(), list, passes, pixels);
    };
  };
  return {
      {"ours", ours(Decoding::kFast)},
      {"ours-exact", ours(Decoding::kExact)},
      {"virtual-crop", peer(std::make_shared<VirtualCrop>())},
      {"full-decode", peer(std::make_shared<FullDecode>())},
      {"read", [reader, &list](int passes, Pixels*) { OnlyRead(reader.get(), list, passes); }},
      {"copy", [reader, &list](int passes, Pixels*) { OnlyCopy(*reader, list, passes); }},
  };
}

std::vector<std::string> SplitNames(const std::string& text) {
  std::vector<std::string> names;
  for (size_t begin = 0, end = 0; begin <= text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    names.push_back(text.substr(begin, end - begin));
  }
  return names;
}

ToolResult TimeLoaders(const TimeLoadersOptions& options) {
  const ShardSet shards(options.shards_dir);
  const ClipList list = DrawClips(shards, options.clips, static_cast<uint64_t>(options.seed));
  if (!options.clip_list.empty()) {
    WriteClips(options.clip_list, shards, list);
  }
  const std::map<std::string, Loader> loaders = MakeLoaders(shards, list);
  ToolResult result;
  for (const std::string& name : SplitNames(options.loaders)) {
    const auto loader = loaders.find(name);
    if (loader == loaders.end()) {
      throw UsageError("no loader is called '" + name + "'");
    }
    Pixels pixels;
    loader->second(1, options.pixels_dir.empty() ? nullptr : &pixels);
    if (!pixels.empty()) {
      const std::string_view bytes(reinterpret_cast<const char*>(pixels.data()), pixels.size());
      WriteFileAtomically(std::filesystem::path(options.pixels_dir) / (name + ".u8"), bytes);
    }
    const double begin_s = CpuSeconds();
    loader->second(options.passes, nullptr);
    const double ms =
        1000 * (CpuSeconds() - begin_s) / static_cast<double>(options.clips * options.passes);
    result.json[name] = {{"ms_per_clip", ms}};
    result.text += fmt::format("{:14} {:8.3f} ms/clip {:8.0f} clips/s/core\n", name, ms, 1000 / ms);
  }
  return result;
}

}  // namespace
}  // namespace reel3d::bench

int main(int argc, char** argv) {
  reel3d::bench::TimeLoadersOptions options;
  const reel3d::ToolInfo info = {
      "time-loaders", "Times our loader and its C++ peers on the same clips.",
      "Loaders: ours and ours-exact (the product's, with --decoding fast and exact), virtual-crop\n"
      "(libjpeg-turbo on cut-out restart segments), full-decode (libjpeg-turbo on whole frames),\n"
      "read (one pread a clip and no more) and copy (as many bytes from memory to memory)."};
  return reel3d::RunTool(info, argc, argv, options,
                         [&] { return reel3d::bench::TimeLoaders(options); });
}
