// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/sampled_frames.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/prepared_folder.h"
#include "lib/duplicates/video_signature.h"
#include "lib/shard/shard_set.h"
#include "lib/video/prepared_video.h"
#include "pipeline/support/stage_files.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

class FramesOfShards : public SampledFrames {
 public:
  explicit FramesOfShards(const fs::path& folder) : shards_(folder) {
    for (size_t video = 0; video < shards_.videos().size(); ++video) {
      videos_.emplace(shards_.videos()[video].id, video);
    }
  }

  bool Has(const std::string& id) const override { return videos_.count(id) != 0; }

  void Read(const std::string& id, const Use& use) const override {
    const size_t video = videos_.at(id);
    const IndexedVideo row = shards_.videos()[video];
    const std::vector<int> chosen = SampledFramesOf(row.num_frames, row.fps);
    if (chosen.empty()) {
      return;
    }
    FrameBytes frames;
    shards_.ReadFrames(video, chosen, &frames);
    for (size_t i = 0; i < chosen.size(); ++i) {
      use(chosen[i], frames.data(i), frames.size_bytes(i));
    }
  }

 private:
  const ShardSet shards_;
  std::unordered_map<std::string, size_t> videos_;
};

class FramesOfPrepared : public SampledFrames {
 public:
  explicit FramesOfPrepared(fs::path folder) : folder_(std::move(folder)) {}

  bool Has(const std::string& id) const override { return fs::is_regular_file(FileOf(id)); }

  void Read(const std::string& id, const Use& use) const override {
    PreparedVideoReader reader(FileOf(id));
    const PreparedVideoInfo& info = reader.info();
    const double fps = info.fps_num > 0 && info.fps_den > 0
                           ? static_cast<double>(info.fps_num) / info.fps_den
                           : kUnknownFps;
    std::vector<uint8_t> jpeg;
    int next = 0;
    for (int frame = 0; reader.Next(&jpeg); ++frame) {
      if (frame == SampledFrame(next, fps)) {
        use(frame, jpeg.data(), jpeg.size());
        ++next;
      }
    }
  }

 private:
  fs::path FileOf(const std::string& id) const { return PreparedFile(folder_, id); }

  const fs::path folder_;
};

}  // namespace

std::unique_ptr<SampledFrames> SampledFrames::Open(const fs::path& folder) {
  RequireFolder(folder, "a folder made by pack-shards or prep-videos");
  if (fs::exists(folder / "index.tsv")) {
    return std::make_unique<FramesOfShards>(folder);
  }
  if (!fs::exists(folder / kReportFile) && !fs::exists(folder / kSettingsFile)) {
    throw InputError(folder.string() +
                     ": is neither a folder of shards (it has no index.tsv) nor one of prepared "
                     "videos (it has no settings.ini): name what pack-shards or prep-videos wrote");
  }
  return std::make_unique<FramesOfPrepared>(folder);
}

}  // namespace reel3d
