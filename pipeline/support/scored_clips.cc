// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/scored_clips.h"

#include <fmt/format.h>

#include <optional>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/base/plural.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

bool IsWithin(int value, int least, int most) { return value >= least && value <= most; }

bool MakesSense(const ScoredClips& scored) {
  constexpr int kLeastSize = 8, kMostSize = 1024, kMostShortSide = 4096, kMostFrames = 1024;
  return IsWithin(scored.length, 1, kMostFrames) && IsWithin(scored.stride, 1, kMostFrames) &&
         IsWithin(scored.size, kLeastSize, kMostSize) &&
         IsWithin(scored.crops.short_side, scored.size, kMostShortSide);
}

}  // namespace

ScoredClips ScoredClipsOf(const Json& report) {
  if (report.empty()) {
    throw InputError("scores/report.json, which names the shards, is missing");
  }
  ScoredClips scored;
  scored.checkpoint = report::TextOf(report, "checkpoint");
  const Json inputs = MemberOr(report, "inputs", Json::array());
  if (inputs.is_array() && inputs.size() == 2) {
    scored.data = report::TextOf(inputs[1], "identity");
    scored.shards_dir = report::TextOf(inputs[1], "path");
  }
  scored.clip = MemberOr(report, "clip", Json::object());
  const Json& clip = scored.clip;
  if (clip.contains("from_videos") && clip["from_videos"] == true) {
    throw InputError(
        "score-videos --from-videos scored video files, and frames are only taken from shards");
  }
  scored.length = MemberOr(clip, "frames", 0);
  scored.stride = MemberOr(clip, "frame_stride", 0);
  scored.size = MemberOr(clip, "size", 0);
  const auto crops = FindChoice<ScoringCrop>(report::TextOf(clip, "crops"));
  if (crops == ScoringCrop::kWhole) {
    throw InputError(
        "score-videos --crops whole scored complete frames, and only squares are shown here");
  }
  const auto decoding = FindChoice<Decoding>(report::TextOf(clip, "decoding"));
  scored.crops = {crops.value_or(ScoringCrop::kCenter), MemberOr(clip, "short_side", 0)};
  if (scored.data.empty() || !crops || !decoding || !MakesSense(scored)) {
    throw InputError(
        "scores/report.json does not say which shards were scored and how clips were made: the "
        "same score-videos command writes it again and keeps the scores");
  }
  scored.decoding = *decoding;
  return scored;
}

std::unique_ptr<ShardSet> OpenScoredShards(const std::filesystem::path& folder,
                                           const ScoredClips& scored) {
  auto shards = std::make_unique<ShardSet>(folder);
  const std::string found = fmt::format("{:08x}", shards->fingerprint());
  if (found != scored.data) {
    throw InputError(
        fmt::format("{} is not the data that was scored: its fingerprint is {}, that of the scored "
                    "data {}; name the folder of the scored shards",
                    folder.string(), found, scored.data));
  }
  return shards;
}

size_t FindVideo(const ShardSet& shards, const std::string& id) {
  const std::optional<size_t> found = shards.videos().Find(id);
  if (!found) {
    throw InputError("the shards do not hold this video");
  }
  return *found;
}

std::vector<int> FramesOf(const report::SeenClip& clip, const IndexedVideo& video,
                          const ScoredClips& scored) {
  if (clip.num_frames > scored.length) {
    throw InputError(fmt::format(
        "evaluation/predictions.tsv has a clip of {} frames, and the network takes {}: evaluate "
        "the scores again",
        clip.num_frames, scored.length));
  }
  const int64_t last = clip.first_frame + (clip.num_frames - 1) * scored.stride;
  if (last >= video.num_frames || clip.crop >= scored.crops.Count()) {
    throw InputError(fmt::format(
        "evaluation/predictions.tsv names frame {} and crop {}, but there are {} and {}: "
        "evaluate the scores again",
        last, clip.crop, Count(video.num_frames, "frame"), Count(scored.crops.Count(), "crop")));
  }
  std::vector<int> frames;
  for (int64_t frame = clip.first_frame; frame <= last; frame += scored.stride) {
    frames.push_back(static_cast<int>(frame));
  }
  return frames;
}

}  // namespace reel3d
