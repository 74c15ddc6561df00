// Reads and writes <id>.mkv, the prepared video. It is Motion-JPEG in Matroska, where each frame is
// a standard baseline 4:2:0 JPEG with restart markers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace reel3d {

// Matroska's tag of this name holds PreparedVideoInfo::made_from.
constexpr const char* kMadeFromTag = "REEL3D_MADE_FROM";

struct PreparedVideoInfo {
  int width = 0, height = 0;     // pixels, square
  int fps_num = 0, fps_den = 1;  // average frame rate; 0/1: unknown
  std::string made_from = {};    // source and settings, as stated by the maker; empty: unknown
};

// Returns the stored JPEG packets without decoding them.
class PreparedVideoReader {
 public:
  // Throws an input error if the file is not complete Matroska with one Motion-JPEG stream.
  explicit PreparedVideoReader(const std::filesystem::path& file);
  ~PreparedVideoReader();

  const PreparedVideoInfo& info() const;
  // Replaces `jpeg` by the next frame; false after the last one. Throws an input error on damage.
  bool Next(std::vector<uint8_t>* jpeg);
  // Returns the presentation time of the frame that Next() returned last.
  double time_s() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes packets in order; the same packets give the same bytes. The file is usable after Finish().
class PreparedVideoWriter {
 public:
  PreparedVideoWriter(const std::filesystem::path& file, const PreparedVideoInfo& info);
  ~PreparedVideoWriter();

  // `time_s` is the presentation time, increasing.
  void Write(const std::vector<uint8_t>& jpeg, double time_s);
  void Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
