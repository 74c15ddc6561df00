// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/video_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <iterator>
#include <map>
#include <regex>
#include <system_error>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/parallel.h"
#include "lib/eval/part_scores.h"

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

// Collects the parts, one after the other.
class Collector {
 public:
  explicit Collector(bool allow_missing) : allow_missing_(allow_missing) {}

  void Add(const fs::path& file, PartScores part) {
    const Scores& header = part.header;
    if (files_.empty()) {
      whole_.checkpoint = header.checkpoint;
      whole_.data = header.data;
      whole_.settings = header.settings;
      whole_.subset = header.subset;
      whole_.classes = header.classes;
      whole_.num_expected = header.num_videos_expected;
      num_parts_ = header.num_parts;
    }
    RequireSameOrigin(file, header);
    if (const auto [twin, is_new] = files_.emplace(header.part, file); !is_new) {
      throw InputError(
          fmt::format("{} and {} both hold part {}: run the same score-videos command again",
                      twin->second.string(), file.string(), header.part));
    }
    RequireOtherVideos(file, header);
    whole_.num_clips += part.num_clips;
    whole_.num_labelled_clips += part.num_labelled_clips;
    whole_.num_clips_right += part.num_clips_right;
    whole_.has_crops = whole_.has_crops || part.has_crops;
    std::move(part.videos.begin(), part.videos.end(), std::back_inserter(whole_.videos));
  }

  SubsetScores Finish(const fs::path& folder) {
    for (int part = 0; part < num_parts_; ++part) {
      if (files_.count(part) == 0) {
        whole_.missing_parts.push_back(ScoreFileName(part));
      }
    }
    if (!whole_.missing_parts.empty() && !allow_missing_) {
      throw InputError(fmt::format(
          "{} lacks {} of {} parts, the first is {}: finish score-videos, or --allow-missing "
          "counts their videos as wrong",
          folder.string(), whole_.missing_parts.size(), num_parts_, whole_.missing_parts.front()));
    }
    if (static_cast<int64_t>(files_of_videos_.size()) > whole_.num_expected) {
      throw InputError(fmt::format("{} holds {} videos of a subset of {}", folder.string(),
                                   files_of_videos_.size(), whole_.num_expected));
    }
    RequireVideos(folder);
    std::sort(whole_.videos.begin(), whole_.videos.end(),
              [](const VideoScores& a, const VideoScores& b) { return a.id < b.id; });
    return std::move(whole_);
  }

 private:
  void RequireVideos(const fs::path& folder) const {
    if (whole_.num_expected == 0) {
      throw InputError(fmt::format("{}: the subset {} has no videos; score another subset",
                                   folder.string(), whole_.subset));
    }
    if (whole_.videos.empty()) {
      throw InputError(
          fmt::format("{} has no clip of any of the {} videos of {}: score-videos could read none; "
                      "its failed.tsv has the reasons",
                      folder.string(), whole_.num_expected, whole_.subset));
    }
  }

  void RequireSameOrigin(const fs::path& file, const Scores& header) const {
    const auto require = [&](bool same, const std::string& what, const std::string& both = "") {
      if (!same) {
        throw InputError(fmt::format("{} is not of the same {} as {}{}: score them again",
                                     file.string(), what, files_.begin()->second.string(), both));
      }
    };
    require(header.checkpoint == whole_.checkpoint, "checkpoint",
            fmt::format(" ({}, not {})", header.checkpoint, whole_.checkpoint));
    require(header.data == whole_.data, "data");
    require(header.settings == whole_.settings, "settings");
    require(header.subset == whole_.subset, "subset");
    require(header.classes == whole_.classes, "classes");
    require(header.num_parts == num_parts_, "number of parts");
    require(header.num_videos_expected == whole_.num_expected, "number of videos");
  }

  void RequireOtherVideos(const fs::path& file, const Scores& header) {
    for (const ScoredVideo& video : header.videos) {
      if (const auto [twin, is_new] = files_of_videos_.emplace(video.id, header.part); !is_new) {
        throw InputError(
            fmt::format("video {} is both in {} and in {}: run the same score-videos command again",
                        video.id, files_.at(twin->second).string(), file.string()));
      }
    }
  }

  const bool allow_missing_;
  int num_parts_ = 0;
  std::map<int, fs::path> files_;               // by part
  std::map<std::string, int> files_of_videos_;  // id -> part
  SubsetScores whole_;
};

// A part that was read, or the error of its file.
struct ReadPart {
  PartScores scores;
  std::exception_ptr error;
};

// A file that cannot be asked for its size counts as empty: reading it says what is wrong with it.
uintmax_t LargestSize(const std::vector<fs::path>& files) {
  uintmax_t largest = 0;
  for (const fs::path& file : files) {
    std::error_code error;
    const uintmax_t size = fs::file_size(file, error);
    largest = error ? largest : std::max(largest, size);
  }
  return largest;
}

// Reads several parts at once, in the order of the files. After an error it may leave out files
// behind the bad one, but none in front of it: the first error is that of the first bad file.
std::vector<ReadPart> ReadParts(const std::vector<fs::path>& files, const ScoresRequest& request) {
  const int threads = ThreadCount(request.threads);
  const int at_once = PartsAtOnce(LargestSize(files), files.size(), threads);
  std::vector<ReadPart> parts(files.size());
  std::atomic<size_t> first_bad{files.size()};
  ParallelFor(files.size(), at_once, [&](size_t index) {
    if (index > first_bad) {
      return;
    }
    try {
      parts[index].scores = ReadPartScores(files[index], request, threads / at_once);
    } catch (...) {
      parts[index].error = std::current_exception();
      size_t known = first_bad;
      while (index < known && !first_bad.compare_exchange_weak(known, index)) {
      }
    }
  });
  return parts;
}

}  // namespace

SubsetScores ReadSubsetScores(const fs::path& folder, const ScoresRequest& request) {
  const std::vector<fs::path> files = PartFiles(folder);
  std::vector<ReadPart> parts = ReadParts(files, request);
  Collector collector(request.allow_missing);
  for (size_t index = 0; index < files.size(); ++index) {
    if (parts[index].error) {
      std::rethrow_exception(parts[index].error);
    }
    collector.Add(files[index], std::move(parts[index].scores));
  }
  return collector.Finish(folder);
}

}  // namespace reel3d
