// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/prep_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/timer.h"
#include "lib/cli/tool.h"
#include "lib/data/manifest.h"
#include "lib/data/prepared_folder.h"
#include "lib/video/prepared_video.h"
#include "lib/video/video_decoder.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/prep_worker.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

VideoPart PartOf(const VideoRow& row) {
  VideoPart part;
  part.begin_s = row.begin_s.value_or(part.begin_s);
  part.end_s = row.end_s.value_or(part.end_s);
  return part;
}

// Returns the mark of a prepared video: a checksum of path, begin and end of its row and of the
// settings, and the size of its source. The time of the source file is not part of the mark,
// because copying the file changes it.
std::string MadeFrom(const VideoRow& row, const fs::path& source, const std::string& settings) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}", row.path, row.begin_s.value_or(-1),
                                       row.end_s.value_or(-1), settings);
  std::error_code absent;
  const uintmax_t size_bytes = fs::file_size(source, absent);
  return fmt::format("{:08x} {}", Crc32(text.data(), text.size()),
                     absent ? "" : std::to_string(size_bytes));
}

// Returns true if `prepared` has the mark `made_from`. If the source is gone, its size is not
// compared, so the prepared file remains valid.
bool IsPrepared(const fs::path& prepared, const std::string& made_from) {
  if (!fs::exists(prepared)) {
    return false;
  }
  try {
    const std::string found = PreparedVideoReader(prepared).info().made_from;
    return made_from.back() == ' ' ? found.compare(0, made_from.size(), made_from) == 0
                                   : found == made_from;
  } catch (const Error& error) {
    LogWarn(fmt::format("{}; making it again", error.what()));
    return false;
  }
}

// Returns the faults of a prepared video; empty if there are none. Throws an input error if the
// video is truncated and `allow_truncated` is false.
std::string Judge(const DecodeSummary& summary, bool allow_truncated) {
  std::vector<std::string> words;
  if (summary.truncated) {
    words.push_back(fmt::format("truncated: {} of about {} frames decoded", summary.num_frames,
                                summary.expected_frames));
  }
  if (!summary.problem.empty()) {
    words.push_back((summary.truncated ? "" : "damaged in places, prepared all the same: ") +
                    summary.problem);
  }
  words.insert(words.end(), summary.notes.begin(), summary.notes.end());
  const std::string text = fmt::format("{}", fmt::join(words, "; "));
  if (summary.truncated && !allow_truncated) {
    throw InputError(text + "; --allow-truncated keeps them");
  }
  return text;
}

// Prepares the videos of one task, with one worker process per thread.
class Preparation {
 public:
  Preparation(const Manifest& manifest, const StageOutput& output,
              const PrepVideosOptions& options);

  ItemLoopResult Run();
  int64_t num_videos() const { return static_cast<int64_t>(rows_.size()); }
  int64_t num_frames() const { return num_frames_; }
  int64_t num_truncated() const { return num_truncated_; }
  int64_t num_workers() const {
    return static_cast<int64_t>(std::min(workers_.size(), files_.size()));
  }
  // Returns the warnings of the videos done, by id.
  const std::map<std::string, std::string>& warnings() const { return warnings_; }

 private:
  // A row that is not prepared yet.
  struct Part {
    size_t row;
    std::string made_from;
    std::unique_ptr<PendingFile> file;
  };

  void TakeRows();
  void Prepare(const GroupTurn& turn);
  std::vector<Part> MissingParts(const GroupTurn& turn) const;
  PrepareRequest RequestFor(const std::vector<Part>& parts) const;
  ItemOutcome Publish(const PreparedPart& prepared, Part* part);
  void Warn(const std::string& id, const std::string& words);
  void CountFrames(int64_t num_new, Progress* progress);

  const Manifest& manifest_;
  const StageOutput& output_;
  const PrepVideosOptions& options_;
  const PreparedFolder prepared_folder_;
  std::vector<VideoRow> rows_;                             // of this task
  std::vector<std::vector<size_t>> files_;                 // the rows of each source file
  std::vector<PrepWorker> workers_;                        // by thread
  std::atomic<int64_t> num_frames_{0}, num_truncated_{0};  // of videos that are done
  std::atomic<int64_t> num_encoded_{0};                    // of all videos, for the progress line
  std::mutex mutex_;                                       // guards warnings_
  std::map<std::string, std::string> warnings_;
  const Stopwatch clock_;
};

Preparation::Preparation(const Manifest& manifest, const StageOutput& output,
                         const PrepVideosOptions& options)
    : manifest_(manifest),
      output_(output),
      options_(options),
      prepared_folder_(output.folder(), manifest.videos.size()) {
  TakeRows();
  PrepWorkerOptions worker;
  worker.program = options.worker_program;
  worker.stall_s = options.limits.stall_timeout;
  worker.timeout_s = options.video_timeout * 60.;
  worker.memory_mb = options.limits.worker_memory;
  constexpr int64_t kWorker_bytes = int64_t{1} << 30;  // enough for frames of 4096 x 2160
  for (int i = 0; i < ProcessCount(options.threads, kWorker_bytes); ++i) {
    workers_.emplace_back(worker);
  }
}

// A file with several rows, such as a long video with its segments, belongs to one task, so that it
// is decoded once.
void Preparation::TakeRows() {
  std::unordered_map<std::string_view, size_t> file_of_path;
  std::map<size_t, std::vector<size_t>> rows_of_file;  // of this task
  for (const VideoRow& row : manifest_.videos) {
    const size_t file = file_of_path.emplace(row.path, file_of_path.size()).first->second;
    if (options_.slice.Mine(file)) {
      rows_of_file[file].push_back(rows_.size());
      rows_.push_back(row);
    }
  }
  for (auto& [file, rows] : rows_of_file) {
    files_.push_back(std::move(rows));
  }
}

// Returns what identifies the work of all tasks. Older versions gave the rows of a file to several
// tasks, so that their finished tasks say nothing of the rows of such manifests.
std::string WorkIdentity(const Manifest& manifest, const fs::path& file) {
  std::unordered_set<std::string_view> paths;
  for (const VideoRow& row : manifest.videos) {
    paths.insert(row.path);
  }
  const bool shares_files = paths.size() < manifest.videos.size();
  return FileIdentity(file) + (shares_files ? " by file" : "");
}

ItemLoopResult Preparation::Run() {
  std::vector<std::string> ids;
  for (const VideoRow& row : rows_) {
    ids.push_back(row.id);
  }
  return RunGroupLoop(ids, files_, {"prep", "videos", static_cast<int>(workers_.size())},
                      [&](const GroupTurn& turn) { Prepare(turn); });
}

void Preparation::Prepare(const GroupTurn& turn) {
  std::vector<Part> parts = MissingParts(turn);
  if (parts.empty()) {
    return;
  }
  int64_t num_told = 0;
  const auto tell = [&](int64_t num_frames) {
    CountFrames(num_frames - std::exchange(num_told, num_frames), turn.progress);
  };
  std::string doubt;
  workers_[turn.thread].PrepareParts(
      RequestFor(parts), tell, [&](size_t i, const PreparedPart& prepared) {
        if (parts.size() > 1 && (!prepared.fault.empty() || prepared.summary.truncated)) {
          doubt = prepared.fault.empty() ? prepared.summary.problem : prepared.fault;
          doubt = doubt.empty() ? rows_[parts[i].row].id + " looks truncated" : doubt;
          return;
        }
        turn.end(parts[i].row, [&] { return Publish(prepared, &parts[i]); });
      });
  // Damage before a row may be the cause. Alone, the row may be reached behind it.
  if (!doubt.empty()) {
    throw InputError(doubt);
  }
}

// Ends the rows that are prepared, and returns the others.
std::vector<Preparation::Part> Preparation::MissingParts(const GroupTurn& turn) const {
  std::vector<Part> parts;
  for (const size_t row : turn.items) {
    const fs::path target = prepared_folder_.Target(rows_[row].id);
    std::string made_from =
        MadeFrom(rows_[row], manifest_.VideoPath(rows_[row]), output_.settings());
    if (!output_.must_redo() && IsPrepared(target, made_from)) {
      turn.end(row, [] { return ItemOutcome::kSkipped; });
    } else {
      parts.push_back({row, std::move(made_from), std::make_unique<PendingFile>(target)});
    }
  }
  return parts;
}

PrepareRequest Preparation::RequestFor(const std::vector<Part>& parts) const {
  PrepareRequest request = options_.preparation.Request();
  request.source = manifest_.VideoPath(rows_[parts.front().row]).string();
  request.parts.clear();
  for (const Part& part : parts) {
    request.parts.push_back(
        {part.file->temporary_path().string(), PartOf(rows_[part.row]), part.made_from});
  }
  return request;
}

ItemOutcome Preparation::Publish(const PreparedPart& prepared, Part* part) {
  const std::unique_ptr<PendingFile> file = std::move(part->file);
  if (!prepared.fault.empty()) {
    throw InputError(prepared.fault);
  }
  const std::string words = Judge(prepared.summary, options_.allow_truncated);
  output_.RequireOurs();
  file->Publish();
  num_frames_ += prepared.summary.num_frames;
  num_truncated_ += prepared.summary.truncated ? 1 : 0;
  if (!words.empty()) {
    Warn(rows_[part->row].id, words);
  }
  return ItemOutcome::kDone;
}

void Preparation::Warn(const std::string& id, const std::string& words) {
  LogWarn(fmt::format("{}: {}", id, words));
  const std::lock_guard<std::mutex> lock(mutex_);
  warnings_[id] = words;
}

void Preparation::CountFrames(int64_t num_new, Progress* progress) {
  num_encoded_ += num_new;
  progress->Note(
      fmt::format("{:.0f} frames/s", static_cast<double>(num_encoded_) / clock_.Seconds()));
}

}  // namespace

void PrepVideosOptions::Bind(OptionBinder& binder) {
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest, as list-videos writes it");
  binder.Positional(
      "OUT_DIR", &out_dir,
      "folder for the prepared videos, <id>.mkv; of more than 10,000 videos, in sub-folders");
  preparation.Bind(binder);
  binder.Bind(
      "allow-truncated", &allow_truncated,
      "prepare videos that have fewer frames than their files state; false: such videos fail");
  binder.Bind(
      "max-failed-fraction", &max_failed_fraction, RealRange{0, 1},
      "share of the videos, over all tasks, that may fail. If more fail, the exit status is 3",
      Effect::kRunOnly);
  binder.Bind(
      "threads", &threads, IntRange{0, 1024},
      "number of video files that are prepared at the same time. 0: one for each core that the "
      "job may use, but at most one for each GB of its memory",
      Effect::kRunOnly);
  limits.Bind(binder);
  binder.Bind("video-timeout", &video_timeout, IntRange{0, 100'000},
              "minutes that one row of the manifest may take in all; 0: no limit",
              Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite,
              "make every video again, even if OUT_DIR was made with other settings",
              Effect::kOnce);
  slice.Bind(binder);
}

void PrepVideosOptions::Check() {
  preparation.Check();
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
          {"workers", num_workers},
          {"warnings", warnings},
          {"seconds", seconds},
          {"frames_per_s", FramesPerSecond()}};
}

PrepVideosReport RunPrepVideos(const PrepVideosOptions& given) {
  const Stopwatch clock;
  PrepVideosOptions options = given;
  const Manifest manifest = ReadManifest(options.manifest);
  const StageOutput output({options.out_dir,
                            "prep-videos",
                            SettingsOf(options),
                            {{options.manifest, WorkIdentity(manifest, options.manifest)}},
                            options.overwrite,
                            options.slice});
  Preparation preparation(manifest, output, options);
  const ItemLoopResult result = preparation.Run();
  PrepVideosReport report;
  report.num_videos = preparation.num_videos();
  report.num_done = static_cast<int64_t>(result.done);
  report.num_skipped = static_cast<int64_t>(result.skipped);
  report.num_failed = static_cast<int64_t>(result.failed.size());
  report.num_truncated = preparation.num_truncated();
  report.num_frames = preparation.num_frames();
  report.num_workers = preparation.num_workers();
  report.warnings = preparation.warnings();
  report.seconds = clock.Seconds();
  report.over_tolerance =
      !output.Finish(report.ToJson(), result.failed,
                     {report.num_videos, report.num_failed, options.max_failed_fraction});
  return report;
}

}  // namespace reel3d
