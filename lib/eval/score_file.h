// The file scores-NNNNN.h5 holds the logits of all clips of some videos. score-videos writes it.
//
//   /            attrs: format="reel3d-scores", version=2, checkpoint, data (as in Scores),
//                       settings, subset, part, num_parts,
//                       num_videos_expected (of all parts), crc32 u32, complete=1
//   /clips/logits f32 [M, classes]   /clips/video u32 [M] (row of /videos)
//   /clips/first_frame u32 [M]       /clips/num_distinct u16 [M]
//   /clips/crop u8 [M] (index in ScoringCrops(); absent if every crop is 0, the centre)
//   /videos/id fixed string [V]      /videos/label i32 [V] (-1 unknown)
//   /videos/crc32 u32 [V]
//   /classes/name fixed string [C]
//
// The checksums cover everything that is read (row_checksums.h). Files of version 1 have no
// checksums and are read without them.
//
// A video has no clips if it could not be read. A part holds a fixed slice of the subset's videos
// (in index order), which does not depend on the number of tasks that wrote the parts. This file
// needs no torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lib/eval/row_checksums.h"

namespace reel3d {

struct ScoredClip {
  uint32_t video = 0;  // row in Scores::videos
  uint32_t first_frame = 0;
  uint16_t num_distinct = 0;  // number of different frames: a clip may repeat frames
  uint8_t crop = 0;           // index in ScoringCrops(); the crops of a window follow each other
};

// The beginning of Scores::data if video files were scored, not shards.
constexpr const char* kDataOfVideos = "videos of ";

struct Scores {
  std::string checkpoint;  // name, step and checksum of the checkpoint that computed the scores
  // The fingerprint of the scored shards, hexadecimal. With score-videos --from-videos it is
  // kDataOfVideos and a checksum of the manifest and of the sizes of its files.
  std::string data;
  std::string settings;  // the settings that decide the scores, as `key = value;` each
  std::string subset;    // "validation"
  int part = 0, num_parts = 1;
  int64_t num_videos_expected = 0;  // of the subset, over all parts
  std::vector<std::string> classes;
  std::vector<ScoredVideo> videos;
  std::vector<ScoredClip> clips;
  std::vector<float> logits;  // [clips.size(), classes.size()], row major
};

// Returns, for each video, its rows of scores.clips in file order.
std::vector<std::vector<size_t>> ClipsOfVideos(const Scores& scores);

// Returns a name such as scores-00012.h5.
std::string ScoreFileName(int part);
constexpr int kMaxScoreFiles = 100'000;

// Publishes the file atomically, after reading it back. The same Scores give the same bytes.
void WriteScores(const std::filesystem::path& file, const Scores& scores);

// Throws an input error that names the file, its fault and what to do: not complete, sizes that do
// not agree, a clip of a video that is not in the file, values that do not match their checksums.
Scores ReadScores(const std::filesystem::path& file);

// Takes one video of `scores`, whose own logits are empty. `rows` are the video's rows of clips, in
// the file's order; there may be none. `logits` points to [rows.size(), classes] values, row major,
// which live as long as the call.
using UseOfLogits = std::function<void(const Scores& scores, size_t video,
                                       const std::vector<size_t>& rows, const float* logits)>;

// Calls `use` once for each video of the file, on up to `threads` threads at once and in no fixed
// order, so the logits of the complete file need not be in memory. Returns the file without its
// logits. Throws as ReadScores() does, and what `use` throws. Checksums are compared after `use`
// has seen all logits, so its results are valid only if this function returns. If another file
// takes the name meanwhile, all values are of the file that was opened.
Scores ReadScoresByVideo(const std::filesystem::path& file, int threads, const UseOfLogits& use);

}  // namespace reel3d
