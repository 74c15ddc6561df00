// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/part_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/parallel.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/row_passes.h"

namespace reel3d {
namespace {

[[noreturn]] void RefuseNotFinite(const std::filesystem::path& file, const Scores& part) {
  const auto bad = std::find_if_not(part.logits.begin(), part.logits.end(),
                                    [](float logit) { return std::isfinite(logit); });
  const auto clip = static_cast<size_t>(bad - part.logits.begin()) / part.classes.size();
  throw InputError(fmt::format(
      "{}: clip {} (video {}, first frame {}) has a logit of {}: the model diverged or the file "
      "is damaged",
      file.string(), clip, part.videos[part.clips[clip].video].id, part.clips[clip].first_frame,
      *bad));
}

// The windows of a video. Each has one clip, or one clip per crop.
struct VideoWindows {
  std::vector<size_t> begins;     // WindowBegins()
  std::vector<int> num_distinct;  // of each window

  size_t size() const { return num_distinct.size(); }
  bool HasCrops() const { return begins.back() > size(); }

  // Returns the places of the clips of the chosen windows: of all crops, or of the first crop
  // alone.
  std::vector<size_t> Places(const std::vector<size_t>& chosen, bool one_crop) const {
    std::vector<size_t> places;
    for (const size_t window : chosen) {
      const size_t end = one_crop ? begins[window] + 1 : begins[window + 1];
      for (size_t place = begins[window]; place < end; ++place) {
        places.push_back(place);
      }
    }
    return places;
  }
};

Answer AnswerOf(const std::vector<double>& scores, int label, size_t num_windows) {
  const auto num_classes = static_cast<int>(scores.size());
  Answer answer;
  answer.predicted = BestClass(scores.data(), num_classes);
  if (label >= 0) {
    answer.rank = RankOfClass(scores.data(), num_classes, label);
  }
  answer.num_windows = static_cast<int>(num_windows);
  return answer;
}

// Readings often choose the same windows of a short video: each choice is computed once.
void AddAnswers(const VideoWindows& windows, const ScoresRequest& request, VideoClips* clips,
                VideoScores* scored) {
  std::map<std::tuple<Averaging, bool, std::vector<size_t>>, Answer> known;
  const bool has_crops = windows.HasCrops();
  for (const Reading& reading : request.readings) {
    std::vector<size_t> chosen =
        ChooseWindows(windows.num_distinct, request.min_distinct, reading.windows);
    const bool one_crop = reading.one_crop && has_crops;
    const auto [answer, is_new] = known.try_emplace({reading.averaging, one_crop, chosen});
    if (is_new) {
      answer->second = AnswerOf(clips->Combine(windows.Places(chosen, one_crop), reading.averaging),
                                scored->label, chosen.size());
    }
    scored->answers.push_back(answer->second);
  }
}

// Returns the surest of the clips at `places`. `rows` are those of all clips of the video.
SurestClip SurestOf(const std::vector<size_t>& places, size_t predicted,
                    const std::vector<ScoredClip>& all, const std::vector<size_t>& rows,
                    VideoClips* clips) {
  SurestClip surest;
  for (const size_t place : places) {
    const double probability = clips->ProbabilityOf(place, predicted);
    if (place == places.front() || probability > surest.probability) {
      surest = {all[rows[place]], probability};
    }
  }
  return surest;
}

// Holds what is found in one video of a file.
struct ScoredRows {
  VideoScores scores;
  int64_t num_clips_right = 0;  // 0 without a label
  bool is_finite = true;        // all logits; if not, the rest is not filled
};

// Combines the clips in `rows` of the file, at least one, which are those of `video`. All steps
// follow each other while the logits are in the processor's cache.
ScoredRows ScoreVideo(const Scores& scores, const ScoredVideo& video,
                      const std::vector<size_t>& rows, const ScoresRequest& request) {
  const size_t num_classes = scores.classes.size();
  ScoredRows found;
  std::vector<const float*> logits;
  for (const size_t row : rows) {
    logits.push_back(&scores.logits[row * num_classes]);
    found.is_finite = found.is_finite && AreFinite(logits.back(), num_classes);
  }
  if (!found.is_finite) {
    return found;
  }
  if (video.label >= 0) {
    found.num_clips_right = std::count_if(logits.begin(), logits.end(), [&](const float* clip) {
      return RankOfClass(clip, static_cast<int>(num_classes), video.label) == 0;
    });
  }
  VideoWindows windows{WindowBegins(scores, rows), {}};
  for (size_t window = 0; window + 1 < windows.begins.size(); ++window) {
    windows.num_distinct.push_back(scores.clips[rows[windows.begins[window]]].num_distinct);
  }
  VideoClips clips(logits, num_classes);
  const std::vector<size_t> kept =
      windows.Places(ChooseWindows(windows.num_distinct, request.min_distinct, {}), false);
  found.scores = {video.id, video.label, clips.Combine(kept, request.averaging),
                  static_cast<int>(kept.size())};
  found.scores.num_windows = static_cast<int>(windows.size());
  found.scores.most_distinct =
      *std::max_element(windows.num_distinct.begin(), windows.num_distinct.end());
  const int predicted = BestClass(found.scores.scores.data(), static_cast<int>(num_classes));
  found.scores.surest = SurestOf(kept, static_cast<size_t>(predicted), scores.clips, rows, &clips);
  AddAnswers(windows, request, &clips, &found.scores);
  return found;
}

// Adds what was found in a video with clips in `rows`.
void Add(ScoredRows found, const std::vector<size_t>& rows, PartScores* part) {
  const auto num_clips = static_cast<int64_t>(rows.size());
  part->num_labelled_clips += found.scores.label >= 0 ? num_clips : 0;
  part->num_clips_right += found.num_clips_right;
  part->videos.push_back(std::move(found.scores));
}

}  // namespace

int PartsAtOnce(uintmax_t largest_size, size_t num_files, int threads) {
  constexpr uintmax_t kMostBytes = 64U << 20U;
  constexpr uintmax_t kMostParts = 16;  // more take hardly any time less
  const uintmax_t fitting = kMostBytes / std::max<uintmax_t>(1, largest_size);
  const uintmax_t at_once =
      std::min({fitting, kMostParts, uintmax_t{num_files}, static_cast<uintmax_t>(threads)});
  return std::max(1, static_cast<int>(at_once));
}

PartScores ReadPartScores(const std::filesystem::path& file, const ScoresRequest& request,
                          int threads) {
  Scores scores = ReadScores(file);
  const std::vector<std::vector<size_t>> clips = ClipsOfVideos(scores);
  std::vector<ScoredRows> found(scores.videos.size());
  ParallelFor(scores.videos.size(), threads, [&](size_t video) {
    if (!clips[video].empty()) {
      found[video] = ScoreVideo(scores, scores.videos[video], clips[video], request);
    }
  });
  PartScores part;
  for (size_t video = 0; video < found.size(); ++video) {
    if (!found[video].is_finite) {
      RefuseNotFinite(file, scores);
    }
    if (!clips[video].empty()) {
      Add(std::move(found[video]), clips[video], &part);
    }
  }
  part.num_clips = static_cast<int64_t>(scores.clips.size());
  part.has_crops = std::any_of(scores.clips.begin(), scores.clips.end(),
                               [](const ScoredClip& clip) { return clip.crop > 0; });
  scores.clips = std::vector<ScoredClip>();
  scores.logits = std::vector<float>();
  part.header = std::move(scores);
  return part;
}

}  // namespace reel3d
