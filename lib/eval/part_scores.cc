// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/part_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include "lib/base/error.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/row_passes.h"

namespace reel3d {
namespace {

// A logit that is not finite.
struct BadLogit {
  size_t row = 0;  // of the clips of the file
  float logit = 0;
};

[[noreturn]] void RefuseNotFinite(const std::filesystem::path& file, const Scores& part,
                                  const BadLogit& bad) {
  const ScoredClip& clip = part.clips[bad.row];
  throw InputError(fmt::format(
      "{}: clip {} (video {}, first frame {}) has a logit of {}: the model diverged or the file "
      "is damaged",
      file.string(), bad.row, part.videos[clip.video].id, clip.first_frame, bad.logit));
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
  int64_t num_clips = 0;
  int64_t num_clips_right = 0;  // 0 without a label
  std::optional<BadLogit> bad;  // the first one; if there is one, the rest is not filled
};

// Returns the first logit of a video that is not finite.
std::optional<BadLogit> FindBadLogit(const std::vector<size_t>& rows, const float* logits,
                                     size_t num_classes) {
  for (const size_t row : rows) {
    const float* const end = logits + num_classes;
    if (!AreFinite(logits, num_classes)) {
      const auto is_finite = [](float logit) { return std::isfinite(logit); };
      return BadLogit{row, *std::find_if_not(logits, end, is_finite)};
    }
    logits = end;
  }
  return std::nullopt;
}

// Combines the clips in `rows` of the file, at least one, which are those of `video`. All steps
// follow each other while the logits are in the processor's cache.
ScoredRows ScoreVideo(const Scores& scores, const ScoredVideo& video,
                      const std::vector<size_t>& rows, const float* first_logits,
                      const ScoresRequest& request) {
  const size_t num_classes = scores.classes.size();
  ScoredRows found;
  found.num_clips = static_cast<int64_t>(rows.size());
  found.bad = FindBadLogit(rows, first_logits, num_classes);
  if (found.bad) {
    return found;
  }
  std::vector<const float*> logits;
  for (size_t place = 0; place < rows.size(); ++place) {
    logits.push_back(first_logits + place * num_classes);
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

// Adds what was found in a video with clips.
void Add(ScoredRows found, PartScores* part) {
  part->num_labelled_clips += found.scores.label >= 0 ? found.num_clips : 0;
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
  std::vector<ScoredRows> found;
  std::once_flag is_sized;
  PartScores part;
  part.header = ReadScoresByVideo(
      file, threads,
      [&](const Scores& scores, size_t video, const std::vector<size_t>& rows,
          const float* logits) {
        std::call_once(is_sized, [&] { found.resize(scores.videos.size()); });
        if (!rows.empty()) {
          found[video] = ScoreVideo(scores, scores.videos[video], rows, logits, request);
        }
      });
  for (ScoredRows& of_video : found) {
    if (of_video.bad) {
      RefuseNotFinite(file, part.header, *of_video.bad);
    }
    if (of_video.num_clips > 0) {
      Add(std::move(of_video), &part);
    }
  }
  part.num_clips = static_cast<int64_t>(part.header.clips.size());
  part.has_crops = std::any_of(part.header.clips.begin(), part.header.clips.end(),
                               [](const ScoredClip& clip) { return clip.crop > 0; });
  part.header.clips = std::vector<ScoredClip>();
  return part;
}

}  // namespace reel3d
