// Entropy-decodes restart segments into coefficients, arranged so that the inverse transform can
// take many blocks at once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/frames/huffman_tables.h"
#include "lib/frames/jpeg_stream.h"
#include "lib/frames/segment_lanes.h"

namespace reel3d::jpeg {

// Sixteen blocks side by side: value[frequency][block], with frequencies row by row. The last row
// receives the coefficients that nothing reads.
constexpr int kBlocksAside = 16;
constexpr int kUnusedRow = 64;
struct alignas(64) BlockGroup {
  int16_t value[kUnusedRow + 1][kBlocksAside];
};

// Eight neighbouring MCUs, which are two segments of the usual four MCUs. The luma block (bx, by)
// of MCU m is lane 8 * by + 2 * (m % 4) + bx of luma[m / 4]. In chroma, its Cb block is lane m and
// its Cr block lane 8 + m. So each half of a group is a row of blocks in the order of the picture.
struct CoefficientUnit {
  BlockGroup luma[2], chroma;
};

// Decodes the segments of one row of MCUs after another. Keeps tables and buffers; use one decoder
// per thread.
class RowDecoder {
 public:
  // Returns false if the picture's Huffman tables are invalid.
  bool SetHeader(const StreamHeader& header);
  // Keeps only coefficients with both frequencies below `size` (1 .. 8).
  void SetGeometry(int num_units, int size);
  // Returns false if a segment is damaged. The caller must have cleared the units.
  bool Decode(const std::vector<SegmentJob>& jobs);
  CoefficientUnit& unit(int i) { return units_[static_cast<size_t>(i)]; }

 private:
  void MakePlan();
  void SumDc(const SegmentJob& job);

  std::array<std::unique_ptr<ComponentCodes>, 3> built_;
  std::array<const ComponentCodes*, 3> codes_{};
  std::vector<CoefficientUnit> units_;
  std::vector<PlannedBlock> plan_;  // blocks of all units, then one for idle lanes (to idle_)
  BlockGroup idle_{};
  std::array<uint16_t, 256> row_{};  // zigzag index -> offset of the row in a BlockGroup
};

}  // namespace reel3d::jpeg
