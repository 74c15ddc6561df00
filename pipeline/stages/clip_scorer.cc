// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/clip_scorer.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/infer/clip_tensors.h"

namespace reel3d {
namespace {

bool ByVideo(const ScoredClip& a, const ScoredClip& b) { return a.video < b.video; }

// Puts the clips in the order of their videos.
void SortClips(Scores* scores) {
  if (std::is_sorted(scores->clips.begin(), scores->clips.end(), ByVideo)) {
    return;
  }
  const size_t num_classes = scores->classes.size();
  std::vector<size_t> order(scores->clips.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return ByVideo(scores->clips[a], scores->clips[b]); });
  std::vector<ScoredClip> clips;
  std::vector<float> logits;
  logits.reserve(scores->logits.size());
  for (const size_t clip : order) {
    clips.push_back(scores->clips[clip]);
    const auto row = scores->logits.begin() + static_cast<ptrdiff_t>(clip * num_classes);
    logits.insert(logits.end(), row, row + static_cast<ptrdiff_t>(num_classes));
  }
  scores->clips = std::move(clips);
  scores->logits = std::move(logits);
}

// Returns the places of requests in the order of the sizes of their frames.
std::vector<size_t> OrderOfSizes(const std::vector<ClipRequest>& requests) {
  std::vector<size_t> order(requests.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto size = [&](size_t i) {
      return std::pair(requests[i].whole_frame.width, requests[i].whole_frame.height);
    };
    return size(a) < size(b);
  });
  return order;
}

void DropClipsOf(const std::vector<bool>& failed, Scores* scores) {
  const size_t num_classes = scores->classes.size();
  size_t kept = 0;
  for (size_t clip = 0; clip < scores->clips.size(); ++clip) {
    if (!failed[scores->clips[clip].video]) {
      scores->clips[kept] = scores->clips[clip];
      const auto logits = scores->logits.begin() + static_cast<ptrdiff_t>(clip * num_classes);
      std::copy_n(logits, num_classes,
                  scores->logits.begin() + static_cast<ptrdiff_t>(kept * num_classes));
      ++kept;
    }
  }
  scores->clips.resize(kept);
  scores->logits.resize(kept * num_classes);
}

void RequireTakesWholeFrames(const TrainedNetwork& trained, const CropChoice& crops) {
  if (crops.crops != ScoringCrop::kWhole) {
    return;
  }
  const int side = crops.ShortSide(trained.recipe.size);
  const int longest = kMaxWholeFrameAspect * side;
  try {
    trained.options.CheckClips(trained.recipe.shape.length, side, longest);
    trained.options.CheckClips(trained.recipe.shape.length, longest, side);
  } catch (const Error& error) {
    throw UsageError(fmt::format(
        "--crops {}: needs a network that takes frames of any size, up to {}x{} pixels here; {}. "
        "Use --crops 1, 3 or 10",
        NameOf(crops.crops), longest, side, error.what()));
  }
}

}  // namespace

ClipScorer::ClipScorer(const ClipScorerOptions& options, const TrainedNetwork& trained,
                       at::Device device, VideosToScore videos)
    : options_(options),
      videos_(std::move(videos)),
      identity_(trained.identity),
      classes_(trained.classes),
      runner_(trained.network, trained.recipe,
              {options_.batch, options_.loader_threads, options_.decoding, BadClips::kReport,
               options_.crops},
              device) {
  RequireTakesWholeFrames(trained, options_.crops);
  if (videos_.videos.empty()) {
    throw InputError(fmt::format("{} holds no {} videos; --subset names another", videos_.source,
                                 SubsetName(options_.subset)));
  }
  if (NumParts() > kMaxScoreFiles) {
    throw UsageError(fmt::format("--videos-per-part {}: makes {} files, and {} are the most",
                                 options_.videos_per_part, NumParts(), kMaxScoreFiles));
  }
}

int ClipScorer::NumParts() const {
  return static_cast<int>((videos_.videos.size() + PartSize() - 1) / PartSize());
}

ScorePart ClipScorer::PlanPart(int number) const {
  Scores scores;
  scores.checkpoint = identity_;
  scores.data = videos_.data;
  scores.subset = SubsetName(options_.subset);
  scores.part = number;
  scores.num_parts = NumParts();
  scores.num_videos_expected = static_cast<int64_t>(videos_.videos.size()) + videos_.num_missing;
  scores.classes = classes_;
  const size_t begin = FirstVideo(number);
  const size_t end = std::min(begin + PartSize(), videos_.videos.size());
  scores.videos.assign(videos_.videos.begin() + static_cast<ptrdiff_t>(begin),
                       videos_.videos.begin() + static_cast<ptrdiff_t>(end));
  ScorePart part;
  part.scores.assign(options_.orders.size(), scores);
  return part;
}

std::vector<Clip> ClipScorer::WindowsOf(int num_frames) const {
  const ClipShape& shape = runner_.recipe().shape;
  if (options_.windows > 0) {
    return EvenClips(num_frames, shape, options_.windows, /*capped=*/true);
  }
  return SlidingClips(num_frames, shape, options_.window_stride.For(shape.length), options_.tail);
}

void ClipScorer::AddClips(const Clip& window, uint32_t row, std::vector<Scores>* scores) const {
  for (Scores& of_order : *scores) {
    for (int crop = 0; crop < options_.crops.Count(); ++crop) {
      of_order.clips.push_back({row, static_cast<uint32_t>(window.frames.front()),
                                static_cast<uint16_t>(window.num_distinct),
                                static_cast<uint8_t>(crop)});
    }
  }
}

void ClipScorer::NoteFailure(const std::string& reason, uint32_t row, ScorePart* part,
                             FailedRows* failed) {
  if (!(*failed)[row]) {
    (*failed)[row] = true;
    const std::string& id = part->scores.front().videos[row].id;
    part->failed.push_back({id, "score", reason});
    LogWarn(fmt::format("{} failed: {}", id, reason));
  }
}

bool ClipScorer::TryRow(uint32_t row, const std::function<void()>& read, ScorePart* part,
                        FailedRows* failed) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    NoteFailure(error.what(), row, part, failed);
    return false;
  }
}

void ClipScorer::RequireShape(FrameSize frame) const {
  if (ShowsWholeFrames()) {
    WholeFrameSize(frame, options_.crops.ShortSide(runner_.recipe().size));
  }
}

void ClipScorer::AddRequests(size_t video, const Clip& window, FrameSize frame, size_t place,
                             ClipsToRun* clips) const {
  for (int crop = 0; crop < options_.crops.Count(); ++crop) {
    ClipRequest request{video, -1, window, Rng(0), crop};
    request.whole_frame = ShowsWholeFrames() ? frame : FrameSize{};
    clips->requests.push_back(std::move(request));
    clips->places.push_back(place + static_cast<size_t>(crop));
  }
}

void ClipScorer::RunClips(ClipsToRun clips, FrameSource frames,
                          const std::function<std::string(const ClipRequest&)>& id_of,
                          ScorePart* part, FailedRows* failed) {
  const size_t num_classes = classes_.size();
  for (Scores& scores : part->scores) {
    scores.logits.resize(scores.clips.size() * num_classes);
  }
  std::vector<size_t> places;
  std::vector<ClipRequest> requests;
  for (const size_t i : OrderOfSizes(clips.requests)) {
    places.push_back(clips.places[i]);
    requests.push_back(std::move(clips.requests[i]));
  }
  auto place = places.cbegin();  // of the first clip of a batch
  std::vector<float> rows;
  runner_.RunInOrders(std::move(requests), std::move(frames), Choosers(id_of),
                      [&](const Batch& batch, size_t order, const at::Tensor& logits) {
                        Scores& scores = part->scores[order];
                        for (const ClipFault& fault : batch.faults) {
                          const size_t clip = place[static_cast<ptrdiff_t>(fault.clip)];
                          NoteFailure(fault.reason, scores.clips[clip].video, part, failed);
                        }
                        rows.clear();
                        AppendRows(logits, &rows);
                        for (int64_t i = 0; i < batch.size(); ++i) {
                          const auto row = static_cast<ptrdiff_t>(num_classes);
                          std::copy_n(
                              rows.begin() + i * row, num_classes,
                              scores.logits.begin() + static_cast<ptrdiff_t>(place[i]) * row);
                        }
                        if (order + 1 == part->scores.size()) {
                          place += batch.size();
                        }
                      });
}

void ClipScorer::FinishClips(const FailedRows& failed, ScorePart* part) {
  for (Scores& scores : part->scores) {
    scores.logits.resize(scores.clips.size() * scores.classes.size());  // none may have run
    DropClipsOf(failed, &scores);
    SortClips(&scores);
  }
}

// Returns how each order chooses the frames of a clip. All crops of a window are shuffled alike.
std::vector<ClipRunner::ChooseFrames> ClipScorer::Choosers(
    const std::function<std::string(const ClipRequest&)>& id_of) const {
  std::vector<ClipRunner::ChooseFrames> choosers;
  for (const FrameOrder order : options_.orders) {
    choosers.emplace_back();
    if (order != FrameOrder::kAsIs) {
      choosers.back() = [this, order, &id_of](const ClipRequest& request) {
        const Clip& clip = request.clip;
        const Rng rng(static_cast<uint64_t>(options_.seed), StableHash(id_of(request)),
                      static_cast<uint64_t>(clip.frames.front()));
        return ShownFrames(order, static_cast<int>(clip.frames.size()), clip.num_distinct, rng);
      };
    }
  }
  return choosers;
}

}  // namespace reel3d
