// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/raw_scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/data/names.h"
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
  all.data = "videos of " + VideosIdentity(file, manifest, subset);
  all.source = file;
  return all;
}

void Warn(const std::string& id, const std::string& warning, ScorePart* part) {
  if (!warning.empty()) {
    LogWarn(fmt::format("{}: {}", id, warning));
    part->warnings[id] = warning;
  }
}

}  // namespace

std::string VideosIdentity(const std::string& manifest_file, const Manifest& manifest,
                           Subset subset) {
  std::string text = FileIdentity(manifest_file);
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

std::vector<PrepareRequest> RawScorer::RequestsFor(const Scores& plan) const {
  std::vector<PrepareRequest> requests;
  for (size_t place = 0; place < plan.videos.size(); ++place) {
    const VideoRow& row = manifest_.videos[members_[FirstVideo(plan.part) + place]];
    PrepareRequest request = raw_.preparation.Request();
    request.source = manifest_.VideoPath(row).string();
    request.parts.front().part = PartOf(row);
    requests.push_back(std::move(request));
  }
  return requests;
}

void RawScorer::Score(ScorePart* part) {
  const size_t num_videos = part->scores.front().videos.size();
  PrepWorkerOptions worker;
  worker.stall_s = raw_.limits.stall_timeout;
  worker.memory_mb = raw_.limits.worker_memory;
  RawVideoQueue queue(RequestsFor(part->scores.front()), worker, raw_.prep_threads);
  FailedRows failed(num_videos);
  for (uint32_t row = 0; row < num_videos; ++row) {
    const size_t num_clips = part->scores.front().clips.size();
    try {
      const std::unique_ptr<RawVideo> video = queue.Next();
      const std::string warning = Judge(video->summary(), raw_.allow_truncated);
      ScoreVideo(*video, row, part, &failed);
      if (!failed[row]) {
        part->num_truncated += video->summary().truncated ? 1 : 0;
        Warn(part->scores.front().videos[row].id, warning, part);
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) {
        throw;
      }
      NoteFailure(error.what(), row, part, &failed);
      for (Scores& scores : part->scores) {
        scores.clips.resize(num_clips);
        scores.logits.resize(num_clips * scores.classes.size());
      }
    }
  }
  DropClips(failed, part);
}

void RawScorer::ScoreVideo(const RawVideo& video, uint32_t row, ScorePart* part,
                           FailedRows* failed) {
  std::string id = part->scores.front().videos[row].id;
  const int label = part->scores.front().videos[row].label;
  const std::vector<Clip> windows = WindowsOf(video.num_frames());
  for (const Clip& window : windows) {
    AddClips(window, row, &part->scores);
  }
  video.ForEachGroup(windows, options().batch,
                     [&](const std::vector<ClipRequest>& group, FrameSource frames) {
                       std::vector<ClipRequest> requests;
                       for (const ClipRequest& request : group) {
                         for (int crop = 0; crop < options().crops.count; ++crop) {
                           requests.push_back({request.video, label, request.clip, Rng(0), crop});
                         }
                       }
                       RunClips(
                           std::move(requests), std::move(frames),
                           [&](const ClipRequest& /*request*/) { return id; }, part, failed);
                     });
}

}  // namespace reel3d
