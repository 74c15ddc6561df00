// Computes checksums of what score files and feature files hold. HDF5 protects its own structures,
// but not the values of data sets: a flipped bit in a logit or a label would not be noticed.
//
//   of a video   CRC-32 of "id\tlabel", then of each of its rows in the file's order: two u32 that
//                describe the row, and its values as f32, all little endian
//   of the file  CRC-32 of the header's texts and the class names, each followed by "\n", then of
//                the checksums of the videos as u32
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace reel3d {

struct ScoredVideo {
  std::string id;
  int32_t label = -1;
};

// Computes the checksums of videos while their rows are added one by one.
class RowChecksums {
 public:
  explicit RowChecksums(const std::vector<ScoredVideo>& videos);

  // Adds a row of `videos[video]`. Several threads may add rows of different videos. `first_frame`
  // and `number` are the two u32 that describe the row.
  void AddRow(uint32_t video, uint32_t first_frame, uint32_t number, const float* values,
              size_t num_values);

  const std::vector<uint32_t>& of_videos() const { return of_videos_; }
  uint32_t OfFile(const std::vector<std::string>& header,
                  const std::vector<std::string>& classes) const;

 private:
  std::vector<uint32_t> of_videos_;
};

}  // namespace reel3d
