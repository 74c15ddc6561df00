// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/video_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <tuple>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/parallel.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/score_file.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> PartFiles(const fs::path& folder) {
  RequireFolder(folder, "a folder of score files");
  static const std::regex pattern("scores-[0-9]{5}\\.h5");
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (std::regex_match(entry.path().filename().string(), pattern)) {
      files.push_back(entry.path());
    }
  }
  if (files.empty()) {
    throw InputError(
        fmt::format("{} holds no scores-NNNNN.h5: run score-videos first", folder.string()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

void RequireFinite(const fs::path& file, const Scores& part) {
  const auto bad = std::find_if_not(part.logits.begin(), part.logits.end(),
                                    [](float logit) { return std::isfinite(logit); });
  if (bad != part.logits.end()) {
    const auto clip = static_cast<size_t>(bad - part.logits.begin()) / part.classes.size();
    throw InputError(fmt::format(
        "{}: clip {} (video {}, first frame {}) has a logit of {}: the model diverged or the file "
        "is damaged",
        file.string(), clip, part.videos[part.clips[clip].video].id, part.clips[clip].first_frame,
        *bad));
  }
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

// Collects the parts, one after the other.
class Collector {
 public:
  explicit Collector(const ScoresRequest& request) : request_(request) {}

  void Add(const fs::path& file, const Scores& part) {
    if (files_.empty()) {
      whole_.checkpoint = part.checkpoint;
      whole_.data = part.data;
      whole_.subset = part.subset;
      whole_.classes = part.classes;
      whole_.num_expected = part.num_videos_expected;
      num_parts_ = part.num_parts;
      whole_.settings = part.settings;
    }
    RequireSameOrigin(file, part);
    if (const auto [twin, is_new] = files_.emplace(part.part, file); !is_new) {
      throw InputError(fmt::format("{} and {} both hold part {}", twin->second.string(),
                                   file.string(), part.part));
    }
    RequireFinite(file, part);
    CountClips(part);
    AddVideos(file, part);
  }

  SubsetScores Finish(const fs::path& folder) {
    for (int part = 0; part < num_parts_; ++part) {
      if (files_.count(part) == 0) {
        whole_.missing_parts.push_back(ScoreFileName(part));
      }
    }
    if (!whole_.missing_parts.empty() && !request_.allow_missing) {
      throw InputError(fmt::format(
          "{} lacks {} of {} parts, the first is {}: finish score-videos, or --allow-missing "
          "counts their videos as wrong",
          folder.string(), whole_.missing_parts.size(), num_parts_, whole_.missing_parts.front()));
    }
    if (static_cast<int64_t>(files_of_videos_.size()) > whole_.num_expected) {
      throw InputError(fmt::format("{} holds {} videos of a subset of {}", folder.string(),
                                   files_of_videos_.size(), whole_.num_expected));
    }
    std::sort(whole_.videos.begin(), whole_.videos.end(),
              [](const VideoScores& a, const VideoScores& b) { return a.id < b.id; });
    return std::move(whole_);
  }

 private:
  void RequireSameOrigin(const fs::path& file, const Scores& part) const {
    const auto require = [&](bool same, const char* what) {
      if (!same) {
        throw InputError(fmt::format("{} is not of the same {} as {}: score them again",
                                     file.string(), what, files_.begin()->second.string()));
      }
    };
    require(part.checkpoint == whole_.checkpoint, "checkpoint");
    require(part.data == whole_.data, "data");
    require(part.settings == whole_.settings, "settings");
    require(part.subset == whole_.subset, "subset");
    require(part.classes == whole_.classes, "classes");
    require(part.num_parts == num_parts_, "number of parts");
    require(part.num_videos_expected == whole_.num_expected, "number of videos");
  }

  void CountClips(const Scores& part) {
    const auto num_classes = static_cast<int>(part.classes.size());
    whole_.num_clips += static_cast<int64_t>(part.clips.size());
    for (size_t clip = 0; clip < part.clips.size(); ++clip) {
      whole_.has_crops = whole_.has_crops || part.clips[clip].crop > 0;
      const int label = part.videos[part.clips[clip].video].label;
      if (label >= 0) {
        const float* logits = &part.logits[clip * part.classes.size()];
        ++whole_.num_labelled_clips;
        whole_.num_clips_right += RankOfClass(logits, num_classes, label) == 0;
      }
    }
  }

  void AddVideos(const fs::path& file, const Scores& part) {
    const std::vector<std::vector<size_t>> clips = ClipsOfVideos(part);
    std::vector<size_t> scored;
    for (size_t video = 0; video < part.videos.size(); ++video) {
      const std::string& id = part.videos[video].id;
      if (const auto [twin, is_new] = files_of_videos_.emplace(id, part.part); !is_new) {
        throw InputError(fmt::format("video {} is both in {} and in {}", id,
                                     files_.at(twin->second).string(), file.string()));
      }
      if (!clips[video].empty()) {
        scored.push_back(video);
      }
    }
    const size_t first = whole_.videos.size();
    whole_.videos.resize(first + scored.size());
    ParallelFor(scored.size(), ThreadCount(request_.threads), [&](size_t index) {
      const size_t video = scored[index];
      whole_.videos[first + index] = ScoreVideo(part, part.videos[video], clips[video]);
    });
  }

  VideoScores ScoreVideo(const Scores& part, const ScoredVideo& video,
                         const std::vector<size_t>& rows) const {
    std::vector<const float*> logits;
    for (const size_t row : rows) {
      logits.push_back(&part.logits[row * part.classes.size()]);
    }
    VideoWindows windows{WindowBegins(part, rows), {}};
    for (size_t window = 0; window + 1 < windows.begins.size(); ++window) {
      windows.num_distinct.push_back(part.clips[rows[windows.begins[window]]].num_distinct);
    }
    VideoClips clips(logits, part.classes.size());
    const std::vector<size_t> kept =
        windows.Places(ChooseWindows(windows.num_distinct, request_.min_distinct, {}), false);
    VideoScores scored = {video.id, video.label, clips.Combine(kept, request_.averaging),
                          static_cast<int>(kept.size())};
    scored.num_windows = static_cast<int>(windows.size());
    scored.most_distinct =
        *std::max_element(windows.num_distinct.begin(), windows.num_distinct.end());
    AddAnswers(windows, &clips, &scored);
    return scored;
  }

  // Readings often choose the same windows of a short video: each choice is computed once.
  void AddAnswers(const VideoWindows& windows, VideoClips* clips, VideoScores* scored) const {
    std::map<std::tuple<Averaging, bool, std::vector<size_t>>, Answer> known;
    const bool has_crops = windows.HasCrops();
    for (const Reading& reading : request_.readings) {
      std::vector<size_t> chosen =
          ChooseWindows(windows.num_distinct, request_.min_distinct, reading.windows);
      const bool one_crop = reading.one_crop && has_crops;
      const auto [answer, is_new] = known.try_emplace({reading.averaging, one_crop, chosen});
      if (is_new) {
        answer->second =
            AnswerOf(clips->Combine(windows.Places(chosen, one_crop), reading.averaging),
                     scored->label, chosen.size());
      }
      scored->answers.push_back(answer->second);
    }
  }

  static Answer AnswerOf(const std::vector<double>& scores, int label, size_t num_windows) {
    const auto best = std::max_element(scores.begin(), scores.end());
    Answer answer;
    answer.predicted = static_cast<int>(best - scores.begin());
    if (label >= 0) {
      answer.rank = RankOfClass(scores.data(), static_cast<int>(scores.size()), label);
    }
    answer.num_windows = static_cast<int>(num_windows);
    return answer;
  }

  const ScoresRequest& request_;
  int num_parts_ = 0;
  std::map<int, fs::path> files_;               // by part
  std::map<std::string, int> files_of_videos_;  // id -> part
  SubsetScores whole_;
};

}  // namespace

SubsetScores ReadSubsetScores(const fs::path& folder, const ScoresRequest& request) {
  Collector collector(request);
  for (const fs::path& file : PartFiles(folder)) {
    collector.Add(file, ReadScores(file));
  }
  return collector.Finish(folder);
}

}  // namespace reel3d
