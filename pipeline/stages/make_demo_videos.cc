// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/make_demo_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/timer.h"
#include "lib/cli/tool.h"
#include "lib/demo/synthetic_video.h"
#include "lib/video/video_encoder.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxVideosPerClass = 999;

void Encode(const SyntheticVideo& video, const fs::path& file) {
  VideoEncoderOptions options;
  options.width = video.frames.front().width;
  options.height = video.frames.front().height;
  options.fps_num = video.fps;
  options.container = "mp4";  // a temporary name has another suffix
  // This option gives the same bytes on every processor.
  options.codec_options = "preset=veryfast:crf=20:x264-params=cpu-independent=1";
  options.color_range = "tv";
  options.color_space = "smpte170m";
  VideoEncoder encoder(file, options);
  for (const RgbImage& frame : video.frames) {
    encoder.Write(ToYuv420(frame));
  }
  encoder.Finish();
}

std::string VideoName(const std::string& class_name, int index) {
  return fmt::format("{}_{:03}", class_name, index);
}

// Removes the videos of an earlier run, of each class from number `first` on.
void RemoveVideos(const fs::path& folder, int first) {
  for (const std::string& name : SyntheticClasses()) {
    for (int index = first; index < kMaxVideosPerClass; ++index) {
      std::error_code absent;
      fs::remove(folder / name / (VideoName(name, index) + ".mp4"), absent);
    }
  }
}

}  // namespace

void MakeDemoVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("OUT_DIR", &out_dir, "folder for the videos, one folder per class");
  binder.Bind("videos-per-class", &videos_per_class, IntRange{1, kMaxVideosPerClass},
              "number of videos in each of the eight classes");
  binder.Bind("seed", &seed, IntRange{0, INT64_MAX}, "seed of the random scenes");
  binder.Bind(
      "threads", &threads, IntRange{0, 1024},
      "number of videos that are made at the same time. 0: one for each core that the job may use",
      Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite,
              "make every video again, even if OUT_DIR was made with other settings",
              Effect::kOnce);
}

nlohmann::ordered_json MakeDemoVideosReport::ToJson() const {
  return {{"num_videos", num_videos},
          {"num_done", num_done},
          {"num_skipped", num_skipped},
          {"num_frames", num_frames},
          {"seconds", seconds}};
}

MakeDemoVideosReport RunMakeDemoVideos(const MakeDemoVideosOptions& given) {
  const Stopwatch clock;
  MakeDemoVideosOptions options = given;
  const StageOutput output(
      {options.out_dir, "make-demo-videos", SettingsOf(options), {}, options.overwrite, {}, [&] {
         RemoveVideos(options.out_dir, 0);
       }});
  RemoveVideos(output.folder(), options.videos_per_class);  // of a run with more videos
  const std::vector<std::string>& classes = SyntheticClasses();
  std::vector<std::string> ids;
  for (const std::string& name : classes) {
    MakeFolders(output.folder() / name);
    RemoveStaleTemporaries(output.folder() / name);
    for (int index = 0; index < options.videos_per_class; ++index) {
      ids.push_back(VideoName(name, index));
    }
  }
  const int threads = ThreadCount(options.threads);
  std::atomic<int64_t> num_frames{0};
  const ItemLoopResult result =
      RunItemLoop(ids, {"demo", "videos", threads}, [&](const ItemTurn& turn) {
        const size_t item = turn.item;
        const int class_index = static_cast<int>(item) / options.videos_per_class;
        const int index = static_cast<int>(item) % options.videos_per_class;
        const fs::path file = output.folder() / classes[class_index] / (ids[item] + ".mp4");
        if (!output.must_redo() && fs::exists(file)) {
          return ItemOutcome::kSkipped;
        }
        const SyntheticVideo video =
            DrawSyntheticVideo(class_index, static_cast<uint64_t>(options.seed), index);
        PendingFile pending(file);
        Encode(video, pending.temporary_path());
        pending.Publish();
        num_frames += static_cast<int64_t>(video.frames.size());
        return ItemOutcome::kDone;
      });
  MakeDemoVideosReport report;
  report.num_videos = static_cast<int64_t>(ids.size());
  report.num_done = static_cast<int64_t>(result.done);
  report.num_skipped = static_cast<int64_t>(result.skipped);
  report.num_failed = static_cast<int64_t>(result.failed.size());
  report.num_frames = num_frames;
  report.seconds = clock.Seconds();
  if (!output.Finish(report.ToJson(), result.failed, {report.num_videos, report.num_failed, 0})) {
    throw Error(ErrorKind::kFailed, fmt::format("{} videos could not be made, see {}/failed.tsv",
                                                result.failed.size(), options.out_dir));
  }
  return report;
}

}  // namespace reel3d
