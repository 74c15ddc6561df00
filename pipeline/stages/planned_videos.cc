// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/planned_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "lib/base/error.h"
#include "lib/base/plural.h"
#include "lib/data/manifest.h"
#include "lib/data/names.h"
#include "lib/video/video_decoder.h"

namespace reel3d {
namespace {

using plan::Known;
using plan::Origin;

constexpr double kSeconds = 10, kFps = 25, kLines = 720, kTrainingShare = 0.9;
constexpr double kMostSeconds = 1e6;  // of a video

// Sums what is known of some videos.
struct Sums {
  double seconds = 0, frames = 0, lines = 0, shapes = 0;
  int num_videos = 0;

  void Add(double video_s, double video_frames, double video_lines, double shape) {
    seconds += video_s;
    frames += video_frames;
    lines += video_lines;
    shapes += shape;
    ++num_videos;
  }
};

// Returns the number of the file's frames; 0 if it does not state its length, or not one that a
// video can have.
double NumFrames(const VideoInfo& info) {
  if (info.num_frames > 0) {
    return static_cast<double>(info.num_frames);
  }
  const double length_s = std::isfinite(info.length_s) ? info.length_s : 0;
  return length_s > kMostSeconds ? 0 : std::round(length_s / info.FrameStep());
}

// Adds the video, or the part of it that `row` names. Returns false if the file does not state its
// length.
bool Probe(const Manifest& manifest, const VideoRow& row, Sums* sums) {
  const VideoDecoder decoder(manifest.VideoPath(row));
  const VideoInfo& info = decoder.info();
  const double fps = 1 / info.FrameStep();
  double video_s = NumFrames(info) / fps;
  if (row.begin_s || row.end_s) {
    const double begin_s = row.begin_s.value_or(0);
    video_s = std::max(0.0, std::min(row.end_s.value_or(video_s), video_s) - begin_s);
  }
  if (video_s > 0) {
    sums->Add(video_s, video_s * fps, info.height,
              static_cast<double>(info.width) / std::max(1, info.height));
  }
  return video_s > 0;
}

Sums ProbeSome(const Manifest& manifest, int wanted, std::vector<std::string>* notes) {
  Sums sums;
  const auto num_videos = static_cast<int64_t>(manifest.videos.size());
  const int64_t num_probed = std::min<int64_t>(wanted, num_videos);
  std::vector<std::string> unknown;
  for (int64_t i = 0; i < num_probed; ++i) {
    const VideoRow& row = manifest.videos[static_cast<size_t>(i * num_videos / num_probed)];
    try {
      if (!Probe(manifest, row, &sums)) {
        unknown.push_back(row.id);
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) {
        throw;
      }
      unknown.push_back(row.id);
    }
  }
  if (!unknown.empty()) {
    notes->push_back(fmt::format("{} of {} probed cannot be opened or state no length: {}",
                                 Count(static_cast<int64_t>(unknown.size()), "video"), num_probed,
                                 NameSome(unknown)));
  }
  return sums;
}

// Returns the option's value, else the probed value, else the assumed value.
Known Choose(double given, double probed, bool is_probed, double assumed) {
  if (given > 0) {
    return {given, Origin::kGiven};
  }
  return is_probed ? Known{probed, Origin::kMeasured} : Known{assumed, Origin::kAssumed};
}

void SetShape(const VideosOptions& options, const Sums& sums, plan::Videos* videos) {
  const bool is_probed = sums.num_videos > 0;
  const double count = std::max(1, sums.num_videos);
  videos->seconds = Choose(options.seconds, sums.seconds / count, is_probed, kSeconds);
  videos->fps = Choose(options.fps, sums.frames / std::max(1e-9, sums.seconds), is_probed, kFps);
  if (is_probed) {
    videos->shape = {sums.shapes / count, Origin::kMeasured};
  }
  videos->lines = Choose(options.lines, sums.lines / count, is_probed, kLines);
  // A probed video of one frame may come out a rounding below it.
  if (videos->seconds.value * videos->fps.value < 0.999) {
    throw UsageError(fmt::format(
        "videos of {:g} s at {:g} frames a second have no frame: give a longer --seconds or a "
        "higher --fps",
        videos->seconds.value, videos->fps.value));
  }
}

PlannedVideos FromManifest(const VideosOptions& options) {
  const Manifest manifest = ReadManifest(options.manifest);
  if (manifest.videos.empty()) {
    throw InputError(
        fmt::format("{} lists no videos: there is nothing to plan", Escaped(options.manifest)));
  }
  PlannedVideos planned;
  const auto training =
      std::count_if(manifest.videos.begin(), manifest.videos.end(),
                    [](const VideoRow& row) { return row.subset == Subset::kTraining; });
  planned.videos.num_videos = {static_cast<double>(manifest.videos.size()), Origin::kMeasured};
  planned.videos.num_training = {static_cast<double>(training), Origin::kMeasured};
  SetShape(options, ProbeSome(manifest, options.probe, &planned.notes), &planned.videos);
  return planned;
}

}  // namespace

void VideosOptions::Bind(OptionBinder& binder) {
  binder.Bind("manifest", &manifest,
              "plan for the videos of this manifest, which list-videos wrote. Empty: for as many "
              "videos as --videos says");
  binder.Bind("videos", &videos, IntRange{0, 1'000'000'000'000},
              "number of videos, if there is no --manifest. 0: as many as the manifest lists");
  binder.Bind("seconds", &seconds, RealRange{0, kMostSeconds},
              "length of a video in seconds, on average. 0: as probed, else 10");
  binder.Bind("fps", &fps, RealRange{0, 1000},
              "frames per second of the source videos. 0: as probed, else 25");
  binder.Bind("lines", &lines, RealRange{0, 16384},
              "height of the source videos in pixels, which decides the time to decode them. 0: as "
              "probed, else 720");
  binder.Bind("training-share", &training_share, RealRange{0, 1},
              "share of --videos that is trained on; the others are for validation. 0: 0.9");
  binder.Bind("probe", &probe, IntRange{0, 100000},
              "number of videos of the manifest, spread evenly, that are opened to find their "
              "length, frame rate and height. 0: none");
}

void VideosOptions::Check() const {
  if (manifest.empty() && videos == 0) {
    throw UsageError(
        "there are no videos to plan for: say --manifest videos.tsv, or how many there are, such "
        "as --videos 650000 --seconds 10 --lines 720");
  }
  if (!manifest.empty() && (videos > 0 || training_share > 0)) {
    throw UsageError(
        "--manifest says how many videos there are and which are trained on: leave out --videos "
        "and --training-share");
  }
}

PlannedVideos PlanVideos(const VideosOptions& options) {
  if (!options.manifest.empty()) {
    return FromManifest(options);
  }
  PlannedVideos planned;
  const double share = options.training_share > 0 ? options.training_share : kTrainingShare;
  const auto count = static_cast<double>(options.videos);
  planned.videos.num_videos = {count, Origin::kGiven};
  planned.videos.num_training = {std::floor(count * share + 0.5),
                                 options.training_share > 0 ? Origin::kGiven : Origin::kAssumed};
  SetShape(options, {}, &planned.videos);
  return planned;
}

}  // namespace reel3d
