// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/score_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/parallel.h"
#include "lib/eval/row_file.h"

namespace reel3d {
namespace {

constexpr RowFileFormat kScoreFileFormat = {
    "reel3d-scores", "a score file", "scores",
    "if score-videos wrote it, it is damaged: the same score-videos command makes it again"};
constexpr int64_t kMaxVideos = 100'000'000;
constexpr const char* kLogits = "/clips/logits";
constexpr const char* kCrops = "/clips/crop";

// Returns one member of all elements, as a column of the file.
template <class Column, class Row>
std::vector<Column> Gather(const std::vector<Row>& rows, Column Row::*member) {
  std::vector<Column> column;
  column.reserve(rows.size());
  for (const Row& row : rows) {
    column.push_back(row.*member);
  }
  return column;
}

void ReadHeader(const Hdf5Reader& reader, Scores* scores) {
  if (reader.Integer("complete") != 1) {
    reader.Fail("it is not complete");
  }
  scores->checkpoint = reader.Text("checkpoint");
  scores->data = reader.Text("data");
  scores->settings = reader.Text("settings");
  scores->subset = reader.Text("subset");
  const int64_t part = reader.Integer("part");
  const int64_t num_parts = reader.Integer("num_parts");
  if (num_parts < 1 || num_parts > kMaxScoreFiles || part < 0 || part >= num_parts) {
    reader.Fail(fmt::format("part {} of {} makes no sense", part, num_parts));
  }
  scores->part = static_cast<int>(part);
  scores->num_parts = static_cast<int>(num_parts);
  scores->num_videos_expected = reader.Integer("num_videos_expected");
  if (scores->num_videos_expected < 0 || scores->num_videos_expected > kMaxVideos) {
    reader.Fail(fmt::format("{} videos make no sense", scores->num_videos_expected));
  }
}

void ReadVideos(const Hdf5Reader& reader, Scores* scores) {
  scores->classes = ReadClassNames(reader);
  if (scores->classes.empty()) {
    reader.Fail("it has no classes");
  }
  scores->videos = ReadScoredVideos(reader, scores->classes.size());
  if (static_cast<int64_t>(scores->videos.size()) > scores->num_videos_expected) {
    reader.Fail(fmt::format("it has {} videos of a subset of {}", scores->videos.size(),
                            scores->num_videos_expected));
  }
}

void ReadClips(const Hdf5Reader& reader, Scores* scores) {
  const auto video = reader.Values<uint32_t>("/clips/video");
  const size_t num_clips = video.size();
  const auto first_frame = reader.Values<uint32_t>("/clips/first_frame", {num_clips});
  const auto num_distinct = reader.Values<uint16_t>("/clips/num_distinct", {num_clips});
  std::vector<uint8_t> crop(num_clips, 0);
  if (reader.Has(kCrops)) {
    crop = reader.Values<uint8_t>(kCrops, {num_clips});
  }
  for (size_t clip = 0; clip < num_clips; ++clip) {
    if (video[clip] >= scores->videos.size()) {
      reader.Fail(
          fmt::format("clip {} is of video {} of {}", clip, video[clip], scores->videos.size()));
    }
    scores->clips.push_back({video[clip], first_frame[clip], num_distinct[clip], crop[clip]});
  }
}

Hdf5Shape ShapeOfLogits(const Scores& scores) {
  return {scores.clips.size(), scores.classes.size()};
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

// Returns the texts of the header that the checksum of the file covers.
std::vector<std::string> HeaderTexts(const Scores& scores) {
  return {scores.checkpoint,
          scores.data,
          scores.settings,
          scores.subset,
          std::to_string(scores.part),
          std::to_string(scores.num_parts),
          std::to_string(scores.num_videos_expected)};
}

void AddRow(const ScoredClip& clip, const float* logits, size_t num_classes,
            RowChecksums* checksums) {
  checksums->AddRow(clip.video, clip.first_frame, clip.num_distinct + (uint32_t{clip.crop} << 16),
                    logits, num_classes);
}

RowChecksums ChecksumsOf(const Scores& scores) {
  RowChecksums checksums(scores.videos);
  const size_t num_classes = scores.classes.size();
  for (size_t clip = 0; clip < scores.clips.size(); ++clip) {
    AddRow(scores.clips[clip], scores.logits.data() + clip * num_classes, num_classes, &checksums);
  }
  return checksums;
}

void RequireChecksums(const Hdf5Reader& reader, int64_t version, const RowChecksums& found,
                      const Scores& scores) {
  RequireRowChecksums(reader, kScoreFileFormat, version, found, scores.videos, HeaderTexts(scores),
                      scores.classes);
}

// Reads everything but the logits.
Scores ReadAllButLogits(const Hdf5Reader& reader) {
  Scores scores;
  ReadHeader(reader, &scores);
  ReadVideos(reader, &scores);
  ReadClips(reader, &scores);
  return scores;
}

Scores ReadCompleteScores(const Hdf5Reader& reader) {
  const int64_t version = ReadRowFileVersion(reader, kScoreFileFormat);
  Scores scores = ReadAllButLogits(reader);
  scores.logits = reader.Values<float>(kLogits, ShapeOfLogits(scores));
  RequireChecksums(reader, version, ChecksumsOf(scores), scores);
  return scores;
}

// Reads rows of logits from the place of the data set in the file.
class LogitsPlace {
 public:
  LogitsPlace(const InputFile& file, Hdf5Extent place, size_t num_classes)
      : file_(file), place_(place), num_classes_(num_classes) {}

  // Rows that follow each other in the file, as those of a video mostly do, are read at once.
  void Read(const std::vector<size_t>& rows, float* logits) const {
    const size_t row_bytes = num_classes_ * sizeof(float);
    for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
      while (end < rows.size() && rows[end] - rows[begin] == end - begin) {
        ++end;
      }
      file_.Read(place_.offset_bytes + rows[begin] * row_bytes, logits + begin * num_classes_,
                 (end - begin) * row_bytes);
    }
  }

 private:
  const InputFile& file_;
  const Hdf5Extent place_;
  const size_t num_classes_;
};

Scores ReadByVideo(const Hdf5Reader& reader, int threads, const UseOfLogits& use) {
  const int64_t version = ReadRowFileVersion(reader, kScoreFileFormat);
  Scores scores = ReadAllButLogits(reader);
  const size_t num_classes = scores.classes.size();
  const LogitsPlace place_of_logits(
      reader.bytes(), reader.Extent<float>(kLogits, ShapeOfLogits(scores)), num_classes);
  RowChecksums checksums(scores.videos);
  const std::vector<std::vector<size_t>> clips = ClipsOfVideos(scores);
  ParallelFor(scores.videos.size(), threads, [&](size_t video) {
    const std::vector<size_t>& rows = clips[video];
    // An array, because a vector would first fill it.
    const std::unique_ptr<float[]> logits(new float[rows.size() * num_classes]);
    place_of_logits.Read(rows, logits.get());
    for (size_t place = 0; place < rows.size(); ++place) {
      AddRow(scores.clips[rows[place]], logits.get() + place * num_classes, num_classes,
             &checksums);
    }
    use(scores, video, rows, logits.get());
  });
  RequireChecksums(reader, version, checksums, scores);
  return scores;
}

// Checks that the disk gives back the data that it was given.
void Verify(const std::filesystem::path& file, const Scores& written) {
  const Scores found = ReadScores(file);
  if (!SameBits(found.logits, written.logits) || found.videos.size() != written.videos.size()) {
    throw EnvironmentError(file.string() + " reads back other than written");
  }
}

}  // namespace

std::vector<std::vector<size_t>> ClipsOfVideos(const Scores& scores) {
  std::vector<std::vector<size_t>> clips(scores.videos.size());
  for (size_t clip = 0; clip < scores.clips.size(); ++clip) {
    clips[scores.clips[clip].video].push_back(clip);
  }
  return clips;
}

std::string ScoreFileName(int part) { return fmt::format("scores-{:05}.h5", part); }

void WriteScores(const std::filesystem::path& file, const Scores& scores) {
  REEL3D_CHECK(scores.logits.size() == scores.clips.size() * scores.classes.size());
  PendingFile pending(file);
  Hdf5Writer writer(pending.temporary_path(), file.string());
  WriteRowFileFormat(kScoreFileFormat, &writer);
  writer.Attribute("checkpoint", scores.checkpoint);
  writer.Attribute("data", scores.data);
  writer.Attribute("settings", scores.settings);
  writer.Attribute("subset", scores.subset);
  writer.Attribute("part", int64_t{scores.part});
  writer.Attribute("num_parts", int64_t{scores.num_parts});
  writer.Attribute("num_videos_expected", scores.num_videos_expected);

  const RowChecksums checksums = ChecksumsOf(scores);
  writer.Attribute("crc32", checksums.OfFile(HeaderTexts(scores), scores.classes));
  writer.Group("/clips");
  writer.Rows(kLogits, scores.logits, scores.classes.size());
  writer.Values("/clips/video", Gather(scores.clips, &ScoredClip::video));
  writer.Values("/clips/first_frame", Gather(scores.clips, &ScoredClip::first_frame));
  writer.Values("/clips/num_distinct", Gather(scores.clips, &ScoredClip::num_distinct));
  const std::vector<uint8_t> crops = Gather(scores.clips, &ScoredClip::crop);
  if (std::any_of(crops.begin(), crops.end(), [](uint8_t crop) { return crop > 0; })) {
    writer.Values(kCrops, crops);
  }
  WriteVideosAndClasses(scores.videos, scores.classes, checksums, &writer);
  writer.Flush();
  writer.Attribute("complete", uint8_t{1});
  writer.Close();
  Verify(pending.temporary_path(), scores);
  pending.Publish();
}

Scores ReadScores(const std::filesystem::path& file) {
  return ReadRowFile(file, kScoreFileFormat, ReadCompleteScores);
}

Scores ReadScoresByVideo(const std::filesystem::path& file, int threads, const UseOfLogits& use) {
  return ReadRowFile(file, kScoreFileFormat,
                     [&](const Hdf5Reader& reader) { return ReadByVideo(reader, threads, use); });
}

}  // namespace reel3d
