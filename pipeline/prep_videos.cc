// SPDX-License-Identifier: Apache-2.0
#include "pipeline/prep_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/timer.h"
#include "lib/cli/tool.h"
#include "lib/data/manifest.h"
#include "lib/video/frame_scaler.h"
#include "lib/video/jpeg_encoder.h"
#include "lib/video/prepared_video.h"
#include "lib/video/video_decoder.h"
#include "pipeline/item_loop.h"
#include "pipeline/stage_output.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// What went into a file, to be found there again.
struct Written {
  int64_t num_frames = 0;
  uint32_t crc = 0;

  void Add(const std::vector<uint8_t>& jpeg) {
    ++num_frames;
    crc = Crc32(jpeg.data(), jpeg.size(), crc);
  }
};

VideoPart PartOf(const VideoRow& row) {
  VideoPart part;
  part.begin_s = row.begin_s.value_or(part.begin_s);
  part.end_s = row.end_s.value_or(part.end_s);
  return part;
}

ImageSize SizeOf(const VideoFrame& frame, const PrepVideosOptions& options) {
  return options.short_side > 0 ? SizeForShortSide(frame.aspect, options.short_side)
                                : SizeForHeight(frame.aspect, options.height);
}

// Stands in the prepared video: a checksum of its row of the manifest and the settings, and the
// size of its source. Not the source's time, which copying changes.
std::string MadeFrom(const VideoRow& row, const fs::path& source,
                     const PrepVideosOptions& options) {
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}", row.path, row.begin_s.value_or(-1), row.end_s.value_or(-1),
                  FormatConfig(options, /*only_output=*/true));
  std::error_code absent;
  const uintmax_t size_bytes = fs::file_size(source, absent);
  return fmt::format("{:08x} {}", Crc32(text.data(), text.size()),
                     absent ? "" : std::to_string(size_bytes));
}

// What has been prepared stays so when its source goes away: then the size is not compared.
bool IsPrepared(const fs::path& prepared, const std::string& made_from) {
  if (!fs::exists(prepared)) {
    return false;
  }
  try {
    const std::string found = PreparedVideoReader(prepared).info().made_from;
    return made_from.back() == ' ' ? found.compare(0, made_from.size(), made_from) == 0
                                   : found == made_from;
  } catch (const Error& error) {
    LogWarn(fmt::format("{}; making it anew", error.what()));
    return false;
  }
}

// All frames of `decoder`, of which `frame` is the first.
Written WriteFrames(VideoDecoder* decoder, VideoFrame* frame, double begin_s, const fs::path& file,
                    const std::string& made_from, const PrepVideosOptions& options) {
  const ImageSize size = SizeOf(*frame, options);
  FrameScaler scaler(size);
  JpegEncoder encoder(options.quality);
  const VideoInfo& info = decoder->info();
  PreparedVideoWriter writer(file,
                             {size.width, size.height, info.fps_num, info.fps_den, made_from});
  Written written;
  do {
    const std::vector<uint8_t>& jpeg = encoder.Encode(scaler.Scale(*frame));
    writer.Write(jpeg, frame->time_s - begin_s);
    written.Add(jpeg);
  } while (decoder->Next(frame));
  writer.Finish();
  return written;
}

// What the disk gave back must be what it was given.
void Verify(const fs::path& file, const Written& written) {
  PreparedVideoReader reader(file);
  Written found;
  std::vector<uint8_t> jpeg;
  while (reader.Next(&jpeg)) {
    found.Add(jpeg);
  }
  if (found.num_frames != written.num_frames || found.crc != written.crc) {
    throw EnvironmentError(fmt::format("{} reads back other than written ({} of {} frames)",
                                       file.string(), found.num_frames, written.num_frames));
  }
}

// Returns whether it is truncated. Throws an input error if that is not allowed.
bool CheckWhole(const DecodeSummary& summary, const std::string& id, bool allow_truncated) {
  const std::string reason = summary.problem.empty() ? "" : ": " + summary.problem;
  if (!summary.truncated) {
    if (!reason.empty()) {
      LogWarn(fmt::format("{}: damaged in places, prepared all the same{}", id, reason));
    }
    return false;
  }
  const std::string what = fmt::format("truncated: {} of about {} frames decoded{}",
                                       summary.num_frames, summary.expected_frames, reason);
  if (!allow_truncated) {
    throw InputError(what + "; --allow-truncated keeps them");
  }
  LogWarn(fmt::format("{}: {}", id, what));
  return true;
}

// Counts of all threads.
struct Counts {
  std::atomic<int64_t> frames{0}, truncated{0};
};

ItemOutcome PrepareVideo(const VideoRow& row, const fs::path& source, bool redo,
                         const PrepVideosOptions& options, Counts* counts) {
  const fs::path target = fs::path(options.out_dir) / (row.id + ".mkv");
  const std::string made_from = MadeFrom(row, source, options);
  if (!redo && IsPrepared(target, made_from)) {
    return ItemOutcome::kSkipped;
  }
  const VideoPart part = PartOf(row);
  VideoDecoder decoder(source, part);
  VideoFrame frame;
  decoder.Next(&frame);  // throws where there is none
  PendingFile pending(target);
  const Written written =
      WriteFrames(&decoder, &frame, part.begin_s, pending.temporary_path(), made_from, options);
  counts->truncated += CheckWhole(decoder.summary(), row.id, options.allow_truncated) ? 1 : 0;
  Verify(pending.temporary_path(), written);
  pending.Publish();
  counts->frames += written.num_frames;
  return ItemOutcome::kDone;
}

std::vector<VideoRow> RowsOfTask(const Manifest& manifest, const TaskSlice& slice) {
  std::vector<VideoRow> rows;
  for (size_t i = 0; i < manifest.videos.size(); ++i) {
    if (slice.Mine(i)) {
      rows.push_back(manifest.videos[i]);
    }
  }
  return rows;
}

}  // namespace

void PrepVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest, as list-videos writes it");
  binder.Positional("OUT_DIR", &out_dir, "folder for the prepared videos, <id>.mkv");
  binder.Bind("height", &height, IntRange{16, VideoDecoder::kMaxSide},
              "pixels, even; the width keeps the shape as shown. 240 takes 0.6 of the space of "
              "360 and loads 1.5 times as fast, and still enlarges no crop of half the height");
  binder.Bind("short-side", &short_side, IntRange{0, VideoDecoder::kMaxSide},
              "pixels, even, of the shorter side, instead of --height; 0: off");
  binder.Bind("quality", &quality, IntRange{1, 100},
              "of the JPEG frames: 90 is about 30 kB a frame at height 360, 80 about 20 kB");
  binder.Bind("allow-truncated", &allow_truncated,
              "keep the frames of videos that are shorter than their files say; otherwise they "
              "fail");
  binder.Bind("max-failed-fraction", &max_failed_fraction, RealRange{0, 1},
              "share of failed videos, over all tasks, above which the stage fails with status 3",
              Effect::kRunOnly);
  binder.Bind("threads", &threads, IntRange{0, 1024}, "videos at a time; 0: one a core",
              Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite,
              "make every video anew, also where OUT_DIR was made with other settings",
              Effect::kOnce);
  slice.Bind(binder);
}

void PrepVideosOptions::Check() {
  if (height % 2 != 0 || short_side % 2 != 0) {
    throw UsageError("--height and --short-side must be even: chroma has half the resolution");
  }
  slice.Resolve();
}

double PrepVideosReport::FramesPerSecond() const {
  return seconds > 0 ? static_cast<double>(num_frames) / seconds : 0;
}

nlohmann::ordered_json PrepVideosReport::ToJson() const {
  return {{"num_videos", num_videos},
          {"num_done", num_done},
          {"num_skipped", num_skipped},
          {"num_failed", num_failed},
          {"num_truncated", num_truncated},
          {"num_frames", num_frames},
          {"seconds", seconds},
          {"frames_per_s", FramesPerSecond()}};
}

PrepVideosReport RunPrepVideos(const PrepVideosOptions& given) {
  const Stopwatch clock;
  PrepVideosOptions options = given;
  const Manifest manifest = ReadManifest(options.manifest);
  const StageOutput output({options.out_dir,
                            "prep-videos",
                            FormatConfig(options),
                            FormatConfig(options, true),
                            {{options.manifest, FileIdentity(options.manifest)}},
                            options.overwrite,
                            options.slice});
  const std::vector<VideoRow> rows = RowsOfTask(manifest, options.slice);
  std::vector<std::string> ids;
  for (const VideoRow& row : rows) {
    ids.push_back(row.id);
  }
  const int threads = ThreadCount(options.threads);
  Counts counts;
  const ItemLoopResult result = RunItemLoop(ids, {"prep", "videos", threads}, [&](size_t i) {
    return PrepareVideo(rows[i], manifest.VideoPath(rows[i]), output.must_redo(), options, &counts);
  });
  PrepVideosReport report;
  report.num_videos = static_cast<int64_t>(rows.size());
  report.num_done = static_cast<int64_t>(result.done);
  report.num_skipped = static_cast<int64_t>(result.skipped);
  report.num_failed = static_cast<int64_t>(result.failed.size());
  report.num_truncated = counts.truncated;
  report.num_frames = counts.frames;
  report.seconds = clock.Seconds();
  report.over_tolerance =
      !output.Finish(report.ToJson(), result.failed,
                     {report.num_videos, report.num_failed, options.max_failed_fraction});
  return report;
}

}  // namespace reel3d
