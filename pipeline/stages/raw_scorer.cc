// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/raw_scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/data/names.h"
#include "lib/eval/score_file.h"
#include "pipeline/support/judged_video.h"
#include "pipeline/support/raw_video_queue.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace {

std::vector<size_t> RowsOfSubset(const Manifest& manifest, Subset subset) {
  std::vector<size_t> rows;
  for (size_t row = 0; row < manifest.videos.size(); ++row) {
    if (manifest.videos[row].subset == subset) {
      rows.push_back(row);
    }
  }
  return rows;
}

VideosToScore VideosOf(const Manifest& manifest, const std::string& file, Subset subset,
                       const std::vector<std::string>& classes) {
  std::map<std::string, int> labels = {{"", -1}};
  for (size_t label = 0; label < classes.size(); ++label) {
    labels[classes[label]] = static_cast<int>(label);
  }
  VideosToScore all;
  for (const size_t row : RowsOfSubset(manifest, subset)) {
    const VideoRow& video = manifest.videos[row];
    const auto label = labels.find(video.label);
    if (label == labels.end()) {
      throw InputError(fmt::format(
          "{}: video {} is of class {}, which is none of the network's {} classes: give the "
          "manifest of the data that the network was trained for, or empty labels",
          file, video.id, Escaped(video.label), classes.size()));
    }
    all.videos.push_back({video.id, label->second});
  }
  all.data = kDataOfVideos + VideosIdentity(file, manifest, subset);
  all.source = file;
  return all;
}

// Returns how many batches are held in memory. With several, the next is loaded while one is
// computed. The frames of a clip take about half a megabyte.
int BatchesAtOnce(int batch) {
  constexpr int kMostClips = 1024;
  return std::clamp(kMostClips / batch, 2, 8);
}

// The parts of a request are on the disk together, so a file with more rows has several requests.
constexpr size_t kMostRowsAtOnce = 16;

// Scores change in their last digits with the rule by which clips become batches. A folder must not
// be continued with another rule, so each rule has a number of its own.
constexpr int kBatchRule = 2;

void Warn(const std::string& id, const std::string& warning, ScorePart* part) {
  if (!warning.empty()) {
    LogWarn(fmt::format("{}: {}", id, warning));
    part->warnings[id] = warning;
  }
}

}  // namespace

std::string VideosIdentity(const std::string& manifest_file, const Manifest& manifest,
                           Subset subset) {
  std::string text = fmt::format("batch rule {}\n{}", kBatchRule, FileIdentity(manifest_file));
  for (const size_t row : RowsOfSubset(manifest, subset)) {
    std::error_code absent;
    const uintmax_t size_bytes =
        std::filesystem::file_size(manifest.VideoPath(manifest.videos[row]), absent);
    text += fmt::format("\n{}", absent ? "absent" : std::to_string(size_bytes));
  }
  return fmt::format("{:08x}", Crc32(text.data(), text.size()));
}

RawScorer::RawScorer(const ClipScorerOptions& options, const TrainedNetwork& trained,
                     at::Device device, const RawScorerOptions& raw)
    : RawScorer(options, trained, device, raw, ReadManifest(raw.manifest)) {}

RawScorer::RawScorer(const ClipScorerOptions& options, const TrainedNetwork& trained,
                     at::Device device, RawScorerOptions raw, Manifest manifest)
    : ClipScorer(options, trained, device,
                 VideosOf(manifest, raw.manifest, options.subset, trained.classes)),
      raw_(std::move(raw)),
      manifest_(std::move(manifest)),
      members_(RowsOfSubset(manifest_, options.subset)) {}

ScorePart RawScorer::PlanPart(int number) const {
  ScorePart part = ClipScorer::PlanPart(number);
  part.has_clips = false;
  return part;
}

// Rows of one file need not follow each other in the manifest.
std::vector<RawScorer::FileRows> RawScorer::FilesOf(const Scores& plan) const {
  std::vector<FileRows> files;
  std::map<std::string, size_t> places;
  for (uint32_t row = 0; row < plan.videos.size(); ++row) {
    const auto [place, is_new] = places.emplace(RowOf(plan, row).path, files.size());
    if (is_new || files[place->second].size() == kMostRowsAtOnce) {
      place->second = files.size();
      files.emplace_back();
    }
    files[place->second].push_back(row);
  }
  return files;
}

std::vector<PrepareRequest> RawScorer::RequestsFor(const Scores& plan,
                                                   const std::vector<FileRows>& files) const {
  std::vector<PrepareRequest> requests;
  for (const FileRows& rows : files) {
    PrepareRequest request = raw_.preparation.Request();
    request.source = manifest_.VideoPath(RowOf(plan, rows.front())).string();
    request.parts.clear();
    for (const uint32_t row : rows) {
      request.parts.push_back({"", PartOf(RowOf(plan, row)), ""});
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

void RawScorer::Score(ScorePart* part) {
  const Scores& plan = part->scores.front();
  const std::vector<FileRows> files = FilesOf(plan);
  PrepWorkerOptions worker;
  worker.stall_s = raw_.limits.stall_timeout;
  worker.memory_mb = raw_.limits.worker_memory;
  RawVideoQueue queue(RequestsFor(plan, files), worker, raw_.prep_threads);
  FailedRows failed(plan.videos.size());
  std::vector<bool> truncated(plan.videos.size());
  std::map<uint32_t, std::string> warnings;
  HeldClips held;
  for (const FileRows& rows : files) {
    for (const uint32_t row : rows) {
      std::unique_ptr<RawVideo> video;
      const auto read = [&] {
        video = queue.Next();
        warnings[row] = Judge(video->summary(), raw_.allow_truncated);
        truncated[row] = video->summary().truncated;
        RequireShape({video->width(), video->height()});
      };
      if (TryRow(row, read, part, &failed)) {
        HoldClips(*video, row, &held, part, &failed);
      }
    }
  }
  RunHeld(&held, part, &failed);
  for (const auto& [row, warning] : warnings) {
    if (!failed[row]) {
      part->num_truncated += truncated[row] ? 1 : 0;
      Warn(plan.videos[row].id, warning, part);
    }
  }
  FinishClips(failed, part);
}

// An error of RunHeld() belongs to no row, so TryRow() does not see it.
void RawScorer::HoldClips(const RawVideo& video, uint32_t row, HeldClips* held, ScorePart* part,
                          FailedRows* failed) {
  const auto most_clips =
      static_cast<size_t>(BatchesAtOnce(options().batch)) * static_cast<size_t>(options().batch);
  std::optional<FrameQueue> queue;
  if (!TryRow(
          row, [&] { queue.emplace(video.prepared()); }, part, failed)) {
    return;
  }
  const std::vector<Clip> windows = WindowsOf(video.num_frames());
  size_t place = part->scores.front().clips.size();
  for (const Clip& window : windows) {
    AddClips(window, row, &part->scores);
  }
  for (const Clip& window : windows) {
    std::vector<FrameData> frames;
    if (!TryRow(
            row, [&] { frames = queue->FramesOf(window); }, part, failed)) {
      return;
    }
    AddRequests(held->clips.size(), window, {video.width(), video.height()}, place, &held->to_run);
    place += static_cast<size_t>(options().crops.Count());
    held->clips.push_back({row, window, std::move(frames)});
    if (held->clips.size() == most_clips) {
      RunHeld(held, part, failed);
    }
  }
}

// Computes the clips, and forgets them.
void RawScorer::RunHeld(HeldClips* held, ScorePart* part, FailedRows* failed) {
  const std::vector<HeldClip> clips = std::move(held->clips);
  FrameSource source;
  source.read = [&clips](size_t number, const std::vector<int>& frames, FrameBytes* bytes) {
    const HeldClip& held_clip = clips.at(number);
    const std::vector<int>& all = held_clip.clip.frames;
    bytes->Clear();
    for (const int frame : frames) {
      const auto place = std::find(all.begin(), all.end(), frame) - all.begin();
      AppendFrame(held_clip.frames.at(static_cast<size_t>(place)), bytes);
    }
  };
  source.name = [](size_t /*number*/) { return "the prepared video"; };
  const auto id_of = [&](const ClipRequest& request) {
    return part->scores.front().videos[clips[request.video].row].id;
  };
  RunClips(std::move(held->to_run), std::move(source), id_of, part, failed);
  *held = {};
}

}  // namespace reel3d
