// SPDX-License-Identifier: Apache-2.0
#include "bench/clip_list.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"

namespace reel3d::bench {

ClipList DrawClips(const ShardSet& shards, int64_t count, uint64_t seed) {
  ClipList list;
  FrameDecoder headers;
  std::vector<uint8_t> jpeg;
  const ClipShape shape;
  for (int64_t i = 0; i < count; ++i) {
    BenchClip clip;
    clip.request.video = static_cast<size_t>(i) % shards.videos().size();
    Rng rng(seed, static_cast<uint64_t>(i));
    const IndexedVideo video = shards.videos()[clip.request.video];
    clip.request.clip = RandomClip(video.num_frames, shape, /*inclusive=*/true, rng);
    clip.request.crop_rng = rng;
    shards.ReadFrame(clip.request.video, 0, &jpeg);
    clip.plan = DrawCrop(list.crop, headers.ReadSize({0, jpeg.data(), jpeg.size()}), rng);
    REEL3D_CHECK(clip.plan.width == clip.plan.height);
    list.clips.push_back(std::move(clip));
  }
  return list;
}

void WriteClips(const std::filesystem::path& file, const ShardSet& shards, const ClipList& list) {
  std::string text =
      "video\tfirst_frame\tnum_distinct\tframe_width\tframe_height\tx\ty\tside\tflip\n";
  for (const BenchClip& clip : list.clips) {
    text += fmt::format(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{:d}\n", shards.videos()[clip.request.video].id,
        clip.request.clip.frames[0], clip.request.clip.num_distinct, clip.plan.frame.width,
        clip.plan.frame.height, clip.plan.x, clip.plan.y, clip.plan.width, clip.plan.flip);
  }
  WriteFileAtomically(file, text);
}

}  // namespace reel3d::bench
