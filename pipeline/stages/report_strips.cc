// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/report_strips.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/data/crop_plan.h"
#include "lib/frames/frame_decoder.h"
#include "lib/report/read/strip_choice.h"
#include "lib/report/read/tolerant.h"
#include "lib/shard/shard_set.h"
#include "lib/video/jpeg_encoder.h"
#include "lib/video/yuv_color.h"
#include "lib/video/yuv_image.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using report::Json;

constexpr int64_t kPictures = 6;  // of a strip
constexpr int kMostSide = 128;    // pixels of a picture; larger ones are made smaller
constexpr int kQuality = 85;

// How score-videos made clips: "clip" of its report.
struct ClipForm {
  int stride = 1;
  int size = 112;
  CropChoice crops;
  Decoding decoding = Decoding::kFast;
};

// Returns the clips' form. Throws an input error if it is absent or makes no sense.
ClipForm FormOf(const Json& scored) {
  const Json clip = MemberOr(scored, "clip", Json::object());
  ClipForm form;
  form.stride = MemberOr(clip, "frame_stride", 0);
  form.size = MemberOr(clip, "size", 0);
  form.crops = {MemberOr(clip, "crops", 0), MemberOr(clip, "short_side", 0)};
  const auto decoding = FindChoice<Decoding>(MemberOr(clip, "decoding", std::string()));
  constexpr int kLeastSize = 8, kMostSize = 1024, kMostShortSide = 4096, kMostStride = 1024;
  const auto is_within = [](int value, int least, int most) {
    return value >= least && value <= most;
  };
  const bool is_choice = form.crops.count == 1 || form.crops.count == 3 || form.crops.count == 10;
  if (!decoding || !is_choice || !is_within(form.stride, 1, kMostStride) ||
      !is_within(form.size, kLeastSize, kMostSize) ||
      !is_within(form.crops.short_side, form.size, kMostShortSide)) {
    throw InputError(
        "scores/report.json does not say how clips were made: the same score-videos command writes "
        "it again and keeps the scores");
  }
  form.decoding = *decoding;
  return form;
}

struct ScoredData {
  std::string identity;
  fs::path place;  // at the time of scoring
};

// Throws an input error if the report of score-videos does not name its data.
ScoredData DataOf(const Json& scored) {
  if (scored.empty()) {
    throw InputError("scores/report.json, which names the shards, is missing");
  }
  const Json inputs = MemberOr(scored, "inputs", Json::array());
  if (!inputs.is_array() || inputs.size() != 2) {
    throw InputError("scores/report.json does not say which shards were scored");
  }
  return {report::TextOf(inputs[1], "identity"), report::TextOf(inputs[1], "path")};
}

// Returns the folder of shards: that of the option, RUN_DIR/shards if it is there, or the one that
// was scored.
fs::path ShardsOf(const StripOptions& options, const fs::path& run, const fs::path& scored) {
  if (!options.shards.empty()) {
    return options.shards;
  }
  std::error_code ignored;
  return fs::is_directory(run / "shards", ignored) ? run / "shards" : scored;
}

// Takes the frames of strips from one folder of shards.
class StripMaker {
 public:
  // Throws an input error if the shards are not complete or not those that were scored.
  StripMaker(const StripOptions& options, const fs::path& run, const Json& scored)
      : data_(DataOf(scored)), form_(FormOf(scored)), decoder_(form_.decoding), encoder_(kQuality) {
    const fs::path folder = ShardsOf(options, run, data_.place);
    shards_ = std::make_unique<ShardSet>(folder);
    const std::string found = fmt::format("{:08x}", shards_->fingerprint());
    if (found != data_.identity) {
      throw InputError(
          fmt::format("{} is not the data that was scored: its fingerprint is {}, that of the "
                      "scored data {}; --shards names another folder",
                      folder.string(), found, data_.identity));
    }
  }

  // Fills strip->pictures. Throws an input error if a frame is damaged or not in the shards.
  void Fill(report::Strip* strip) {
    const size_t video = Find(strip->id);
    const std::vector<int> frames = FramesOf(strip->clip, shards_->videos()[video].num_frames);
    shards_->ReadFrames(video, frames, &bytes_);
    std::vector<FrameJpeg> jpegs;
    for (size_t place = 0; place < frames.size(); ++place) {
      jpegs.push_back({frames[place], bytes_.data(place), bytes_.size_bytes(place)});
    }
    const std::vector<CropPlan> crops =
        ScoringCrops(decoder_.ReadSize(jpegs.front()), form_.size, form_.crops);
    if (static_cast<size_t>(strip->clip.crop) >= crops.size()) {
      throw InputError(fmt::format("crop {} of {} makes no sense", strip->clip.crop, crops.size()));
    }
    const size_t plane = jpegs.size() * static_cast<size_t>(form_.size) * form_.size;
    std::vector<uint8_t> pixels(3 * plane);
    decoder_.DecodeClip(jpegs, static_cast<int>(jpegs.size()),
                        crops[static_cast<size_t>(strip->clip.crop)], pixels.data());
    for (size_t place = 0; place < frames.size(); ++place) {
      const uint8_t* red = pixels.data() + place * static_cast<size_t>(form_.size) * form_.size;
      strip->pictures.push_back({Encode({red, red + plane, red + 2 * plane}),
                                 TimeOf(frames[place], shards_->videos()[video].fps)});
    }
  }

 private:
  // The planes of one frame, each size * size bytes.
  using Planes = std::array<const uint8_t*, 3>;

  size_t Find(const std::string& id) const {
    const std::vector<IndexedVideo>& videos = shards_->videos();
    const auto found = std::find_if(videos.begin(), videos.end(),
                                    [&](const IndexedVideo& video) { return video.id == id; });
    if (found == videos.end()) {
      throw InputError("the shards do not hold it");
    }
    return static_cast<size_t>(found - videos.begin());
  }

  // Returns kPictures frames of the clip, spread evenly, or all if there are fewer.
  std::vector<int> FramesOf(const report::SeenClip& clip, int num_frames) const {
    const int64_t last = clip.first_frame + (clip.num_frames - 1) * form_.stride;
    if (last >= num_frames) {
      throw InputError(
          fmt::format("the clip ends at frame {}, and the video has {}", last, num_frames));
    }
    const int64_t count = std::min(kPictures, clip.num_frames);
    std::vector<int> frames;
    for (int64_t place = 0; place < count; ++place) {
      const int64_t of_clip = count == 1 ? 0 : place * (clip.num_frames - 1) / (count - 1);
      frames.push_back(static_cast<int>(clip.first_frame + of_clip * form_.stride));
    }
    return frames;
  }

  static std::string TimeOf(int frame, double fps) {
    return fps > 0 ? fmt::format("{:.2f} s", frame / fps) : fmt::format("frame {}", frame);
  }

  // Returns the mean colour of a square of the frame, `side` pixels wide, cut off at the edge.
  RgbColor MeanOf(const Planes& planes, int x, int y, int side) const {
    std::array<uint8_t, 3> means{};
    for (size_t plane = 0; plane < means.size(); ++plane) {
      int sum = 0;
      for (int row = 0; row < side; ++row) {
        for (int column = 0; column < side; ++column) {
          sum += planes[plane][std::min(y + row, form_.size - 1) * form_.size +
                               std::min(x + column, form_.size - 1)];
        }
      }
      means[plane] = static_cast<uint8_t>((sum + side * side / 2) / (side * side));
    }
    return {means[0], means[1], means[2]};
  }

  std::string Encode(const Planes& planes) {
    const int scale = (form_.size + kMostSide - 1) / kMostSide;
    const int side = (form_.size / scale + 1) / 2 * 2;  // YuvImage has even sides
    YuvImage image(side, side);
    for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
      const int step = plane == 0 ? scale : 2 * scale;
      for (int y = 0; y < image.height(plane); ++y) {
        for (int x = 0; x < image.width(plane); ++x) {
          image.row(plane, y)[x] =
              ToYuv(MeanOf(planes, x * step, y * step, step))[static_cast<size_t>(plane)];
        }
      }
    }
    image.PadRight();
    const std::vector<uint8_t>& jpeg = encoder_.Encode(image);
    return {jpeg.begin(), jpeg.end()};
  }

  const ScoredData data_;
  const ClipForm form_;
  std::unique_ptr<ShardSet> shards_;
  FrameDecoder decoder_;
  JpegEncoder encoder_;
  FrameBytes bytes_;
};

int64_t PageBytes(const report::Strip& strip) {
  int64_t bytes = 0;
  for (const report::StripPicture& picture : strip.pictures) {
    bytes += static_cast<int64_t>(picture.jpeg.size() + 2) / 3 * 4;
  }
  return bytes;
}

}  // namespace

void StripOptions::Bind(OptionBinder& binder) {
  binder.Bind(
      "shards", &shards,
      "folder of the shards that were scored, for frames of wrongly answered videos. Empty: "
      "RUN_DIR/shards or, without it, the folder that score-videos read",
      Effect::kRunOnly);
  binder.Bind("strips", &most, {0, 100},
              "show frames of at most so many wrongly answered videos of each run; all runs "
              "together get 800 kB. 0: show no frames, as in a page that may not show the videos",
              Effect::kRunOnly);
}

void AddStrips(const StripOptions& options, int64_t most_bytes, report::RunRecord* run) {
  std::vector<report::Strip> strips =
      report::ChooseStrips(run->evaluation, static_cast<size_t>(options.most));
  if (strips.empty()) {
    return;
  }
  std::vector<std::string> problems;
  report::Tolerate(&problems, [&] {
    StripMaker maker(options, run->folder, report::ReportOf(*run, "score-videos"));
    int64_t bytes = 0;
    for (report::Strip& strip : strips) {
      std::vector<std::string> problem;
      report::Tolerate(&problem, [&] { maker.Fill(&strip); });
      if (!problem.empty()) {
        strip.pictures.clear();
        strip.problem = fmt::format("{} has no strip of frames: {}", strip.id, problem.front());
      }
      bytes += PageBytes(strip);
      if (bytes > most_bytes) {
        problems.emplace_back("the page would become too large; --strips says how many");
        return;
      }
      run->strips.push_back(std::move(strip));
    }
  });
  if (!problems.empty()) {
    run->strips_note = fmt::format("{}: frames of {} wrongly answered videos are not shown: {}",
                                   run->name, strips.size() - run->strips.size(), problems.front());
  }
}

}  // namespace reel3d
