// scores-NNNNN.h5: the logits of every clip of some videos, as score-videos writes them.
//
//   /            attrs: format="reel3d-scores", version, checkpoint, data (fingerprint), settings,
//                       subset, part, num_parts, num_videos_expected (of the whole subset),
//                       complete=1
//   /clips/logits f32 [M, classes]   /clips/video u32 [M] (row of /videos)
//   /clips/first_frame u32 [M]       /clips/num_distinct u16 [M]
//   /videos/id fixed string [V]      /videos/label i32 [V] (-1 unknown)
//   /classes/name fixed string [C]
//
// A video without clips could not be read. A part holds a fixed slice of the subset's videos (in
// index order), whatever the number of tasks that wrote the parts. No torch here.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reel3d {

struct ScoredClip {
  uint32_t video = 0;  // row in Scores::videos
  uint32_t first_frame = 0;
  uint16_t num_distinct = 0;
};

struct ScoredVideo {
  std::string id;
  int32_t label = -1;
};

struct Scores {
  std::string checkpoint;  // what scored: the checkpoint's own name, step and checksum
  std::string data;        // fingerprint of the shards, hexadecimal
  std::string settings;    // that decide the scores, as `key = value;` of each
  std::string subset;      // "validation"
  int part = 0, num_parts = 1;
  int64_t num_videos_expected = 0;  // of the subset, over all parts
  std::vector<std::string> classes;
  std::vector<ScoredVideo> videos;
  std::vector<ScoredClip> clips;
  std::vector<float> logits;  // [clips.size(), classes.size()], row major
};

// scores-NNNNN.h5.
std::string ScoreFileName(int part);
constexpr int kMaxScoreFiles = 100'000;

// Published atomically, after reading it back; the same Scores give the same bytes.
void WriteScores(const std::filesystem::path& file, const Scores& scores);

// Throws an input error with the file's name and what is wrong: not complete, sizes that do not
// agree, a clip of a video that is not there.
Scores ReadScores(const std::filesystem::path& file);

}  // namespace reel3d
