// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/random_clips.h"

#include <algorithm>
#include <vector>

namespace reel3d {

ClipRequest DrawClip(const ShardSet& shards, const RandomClips& options, int64_t index) {
  Rng rng(static_cast<uint64_t>(options.seed), static_cast<uint64_t>(index));
  ClipRequest request;
  request.video = static_cast<size_t>(rng.Below(static_cast<int64_t>(shards.videos().size())));
  const int num_frames = shards.videos()[request.video].num_frames;
  request.clip = RandomClip(num_frames, options.clip, /*inclusive=*/true, rng);
  request.crop_rng = rng;
  return request;
}

BatchRequests DrawBatches(const ShardSet& shards, const RandomClips& options) {
  BatchRequests requests;
  requests.num_batches = (options.clips + options.batch - 1) / options.batch;
  requests.clips = [&](int64_t batch_index) {
    const int64_t end = std::min(options.clips, (batch_index + 1) * options.batch);
    std::vector<ClipRequest> clips;
    for (int64_t clip = batch_index * options.batch; clip < end; ++clip) {
      clips.push_back(DrawClip(shards, options, clip));
    }
    return clips;
  };
  requests.crop = [&](const ClipRequest& /*clip*/, FrameSize frame, Rng& rng) {
    return DrawCrop(options.crop, frame, rng);
  };
  return requests;
}

}  // namespace reel3d
