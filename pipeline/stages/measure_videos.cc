// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/measure_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/base/tsv_writer.h"
#include "lib/base/visible_text.h"
#include "lib/duplicates/small_picture.h"
#include "lib/duplicates/video_look.h"
#include "lib/duplicates/video_signature.h"
#include "lib/eval/slices.h"
#include "lib/shard/shard_set.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/prep_worker.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr int kDigits = 3;

// Use one per thread; it keeps its buffers.
class Measurer {
 public:
  VideoLook Measure(const ShardSet& shards, size_t video) {
    const IndexedVideo row = shards.videos()[video];
    const std::vector<int> chosen = SampledFramesOf(row.num_frames, row.fps);
    shards.ReadFrames(video, chosen, &frames_);
    LookMeter meter;
    for (size_t i = 0; i < chosen.size(); ++i) {
      meter.Add(decoder_.Decode({chosen[i], frames_.data(i), frames_.size_bytes(i)}));
    }
    return meter.look();
  }

 private:
  FrameBytes frames_;
  SmallPictureDecoder decoder_;
};

std::string Shown(const std::optional<double>& value) {
  return value ? Decimals(*value, kDigits) : "";
}

// The heights of the source files, by the id of their video; nothing if a file cannot be opened.
using SourceHeights = std::map<std::string, std::optional<int>>;

std::optional<int> HeightOf(const std::string& source, PrepWorker* worker) {
  try {
    return worker->SourceHeight(source);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    LogWarn(fmt::format("no source_height: {}", error.what()));
    return std::nullopt;
  }
}

// The source files of the measured videos.
struct Sources {
  std::vector<std::string> ids, paths;
};

Sources FindSources(const std::string& manifest_file, const std::vector<std::string>& ids) {
  const Manifest manifest = ReadManifest(manifest_file);
  const std::set<std::string> wanted(ids.begin(), ids.end());
  Sources sources;
  for (const VideoRow& row : manifest.videos) {
    if (wanted.count(row.id) != 0) {
      sources.ids.push_back(row.id);
      sources.paths.push_back(manifest.VideoPath(row).string());
    }
  }
  if (sources.ids.empty()) {
    throw InputError(
        fmt::format("--sources {} has none of the {} videos: give the manifest from which the "
                    "shards were packed",
                    manifest_file, ids.size()));
  }
  return sources;
}

// Files are often removed once they are packed, so all of them share one warning.
void WarnOfGone(const Sources& sources, const std::vector<uint8_t>& is_gone) {
  const auto num_gone = std::count(is_gone.begin(), is_gone.end(), 1);
  if (num_gone > 0) {
    const auto first = std::find(is_gone.begin(), is_gone.end(), 1) - is_gone.begin();
    LogWarn(fmt::format(
        "{} of {} source files are gone, the first is {}: their videos have no source_height",
        num_gone, is_gone.size(), Escaped(sources.paths[static_cast<size_t>(first)])));
  }
}

// Files from outside are opened in worker processes, which a file may crash.
SourceHeights HeightsOf(const Sources& sources, const MeasureVideosOptions& options) {
  PrepWorkerOptions worker;
  worker.program = options.worker_program;
  worker.stall_s = options.limits.stall_timeout;
  worker.memory_mb = options.limits.worker_memory;
  const int num_workers =
      std::min(ThreadCount(options.threads), ProcessCount(options.threads, kPrepWorker_bytes));
  std::vector<PrepWorker> workers;
  for (int i = 0; i < num_workers; ++i) {
    workers.emplace_back(worker);
  }
  std::vector<std::optional<int>> heights(sources.ids.size());
  std::vector<uint8_t> is_gone(sources.ids.size());
  RunItemLoop(sources.ids, {"measure", "source files", num_workers}, [&](const ItemTurn& turn) {
    const std::string& path = sources.paths[turn.item];
    std::error_code error;
    is_gone[turn.item] = fs::exists(path, error) || error ? 0 : 1;
    if (is_gone[turn.item] == 0) {
      heights[turn.item] = HeightOf(path, &workers[turn.thread]);
    }
    return ItemOutcome::kDone;
  });
  WarnOfGone(sources, is_gone);
  SourceHeights by_id;
  for (size_t place = 0; place < heights.size(); ++place) {
    by_id[sources.ids[place]] = heights[place];
  }
  return by_id;
}

std::string FormatTable(const std::vector<IndexedVideo>& videos,
                        const std::vector<VideoLook>& looks,
                        const std::optional<SourceHeights>& heights,
                        const std::string& fingerprint) {
  std::vector<std::string> columns = {"id", "num_frames", "fps", "brightness", "motion"};
  if (heights) {
    columns.emplace_back("source_height");
  }
  columns.emplace_back(kFingerprintColumn);
  TsvWriter table(columns);
  for (size_t place = 0; place < videos.size(); ++place) {
    const IndexedVideo& video = videos[place];
    table.Add(video.id);
    table.Add(video.num_frames);
    table.Add(video.fps > 0 ? std::optional<double>(video.fps) : std::nullopt);
    table.Add(Shown(looks[place].brightness));
    table.Add(Shown(looks[place].motion));
    if (heights) {
      const auto height = heights->find(video.id);
      table.Add(height == heights->end() ? std::nullopt : height->second);
    }
    table.Add(fingerprint);
    table.EndRow();
  }
  return table.text();
}

void RequireTolerable(const MeasureVideosOptions& options, const MeasureVideosReport& report) {
  if (static_cast<double>(report.num_failed) >
      options.max_failed_fraction * static_cast<double>(report.num_videos)) {
    throw InputError(fmt::format(
        "the frames of {} of {} videos are damaged, more than --max-failed-fraction {}: the log "
        "names them",
        report.num_failed, report.num_videos, options.max_failed_fraction));
  }
}

}  // namespace

void MeasureVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("SHARDS_DIR", &shards_dir, "folder made by pack-shards");
  binder.Positional("OUT.tsv", &out, "the table to write");
  binder.Choice("subset", &subset, "subset whose videos are measured");
  binder.Bind("sources", &sources,
              "also read the height of the source files that this manifest (VIDEOS.tsv) names, in "
              "pixels as stored: column source_height. Empty: no such column");
  binder.Bind("max-failed-fraction", &max_failed_fraction, RealRange{0, 1},
              "share of the videos that may have damaged frames; above it nothing is written and "
              "the status is 3",
              Effect::kRunOnly);
  binder.Bind("threads", &threads, IntRange{0, 1024},
              "videos measured at a time; 0: one for each core that the job may use",
              Effect::kRunOnly);
  limits.Bind(binder);
  binder.Bind("overwrite", &overwrite, "replace OUT.tsv if it exists", Effect::kOnce);
}

void MeasureVideosOptions::Check() const {
  if (fs::path(out).extension() != ".tsv") {
    throw UsageError(fmt::format("{}: the table to write needs a name that ends in .tsv", out));
  }
  std::error_code error;
  const fs::path folder = fs::absolute(out).parent_path();
  if (!fs::is_directory(folder, error)) {
    throw UsageError(fmt::format("{}: there is no folder {}; make it first", out, folder.string()));
  }
  if (fs::equivalent(folder, shards_dir, error)) {
    throw UsageError(out +
                     " lies among the shards, whose tables pack-shards writes: name a file "
                     "in another folder");
  }
  if (fs::is_directory(out, error)) {
    throw UsageError(out + ": is a folder; name the table to write");
  }
  if (!overwrite && fs::exists(out)) {
    throw UsageError(out + " is there already: --overwrite replaces it");
  }
}

MeasureVideosReport RunMeasureVideos(const MeasureVideosOptions& options) {
  const ShardSet shards(options.shards_dir);
  std::vector<size_t> places;
  std::vector<IndexedVideo> videos;
  std::vector<std::string> ids;
  for (size_t place = 0; place < shards.videos().size(); ++place) {
    const IndexedVideo video = shards.videos()[place];
    if (video.subset == options.subset) {
      places.push_back(place);
      videos.push_back(video);
      ids.push_back(video.id);
    }
  }
  if (videos.empty()) {
    throw InputError(fmt::format("{} holds no {} videos; --subset names another",
                                 options.shards_dir, SubsetName(options.subset)));
  }
  std::optional<Sources> sources;  // found before the work that would be lost
  if (!options.sources.empty()) {
    sources = FindSources(options.sources, ids);
  }
  const int threads = ThreadCount(options.threads);
  std::vector<std::unique_ptr<Measurer>> measurers(static_cast<size_t>(threads));
  std::vector<VideoLook> looks(videos.size());
  const ItemLoopResult result =
      RunItemLoop(ids, {"measure", "videos", threads}, [&](const ItemTurn& turn) {
        auto& own = measurers[turn.thread];
        own = own ? std::move(own) : std::make_unique<Measurer>();
        looks[turn.item] = own->Measure(shards, places[turn.item]);
        return ItemOutcome::kDone;
      });
  MeasureVideosReport report;
  report.num_videos = static_cast<int64_t>(videos.size());
  report.num_failed = static_cast<int64_t>(result.failed.size());
  RequireTolerable(options, report);
  std::optional<SourceHeights> heights;
  if (sources) {
    heights = HeightsOf(*sources, options);
    for (const std::string& id : ids) {
      const auto height = heights->find(id);
      report.num_sourceless += height == heights->end() || !height->second ? 1 : 0;
    }
  }
  WriteFileAtomically(options.out, FormatTable(videos, looks, heights,
                                               fmt::format("{:08x}", shards.fingerprint())));
  return report;
}

nlohmann::ordered_json MeasureVideosReport::ToJson() const {
  return {
      {"num_videos", num_videos}, {"num_failed", num_failed}, {"num_sourceless", num_sourceless}};
}

std::string MeasureVideosReport::ToText() const {
  return fmt::format(
      "{} measured, {} with damaged frames{}\n", Count(num_videos, "video"), num_failed,
      num_sourceless > 0 ? fmt::format(", {} without a source", num_sourceless) : "");
}

}  // namespace reel3d
