// Entropy-decodes restart segments, two at a time: in two lanes. This is the inner loop of
// row_decoder and of the complete loader. A block is only an address to write to.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/frames/huffman_tables.h"

namespace reel3d::jpeg {

constexpr int kUnitMcus = 8;  // neighbouring MCUs that row_decoder keeps together
constexpr int kBlocksPerMcu = 6;

// One restart segment. Its MCUs [0, stop) become the MCUs of the unit from first_mcu on.
struct SegmentJob {
  const uint8_t* bytes = nullptr;  // unstuffed; kReadSlack bytes behind the segment are readable
  size_t size = 0;
  int stop = 0, unit = 0, first_mcu = 0;
  bool whole = false;  // true: the segment must end at `stop`, its last MCU
};

// Decoding a damaged segment may read this far past its end: 32 bits for each symbol.
constexpr size_t kReadSlack = size_t{kUnitMcus} * kBlocksPerMcu * 64 * 4;

// One block, in decoding order.
struct PlannedBlock {
  int16_t* to;
  std::array<const Entry*, kNumNextTables> table;  // the tables of next look-ups, by NextTable
  const ComponentCodes* codes;
};

// Returns the first block of `job` in a plan that holds the blocks of all units.
inline const PlannedBlock* FirstBlock(const std::vector<PlannedBlock>& plan,
                                      const SegmentJob& job) {
  return plan.data() + static_cast<ptrdiff_t>(job.unit * kUnitMcus + job.first_mcu) * kBlocksPerMcu;
}

// Writes coefficient k (in zigzag order) of a block to block.to[row[k]]. `row` has 256 entries;
// those from 64 on are for damaged segments. The last block of `plan` is for a lane that has no
// segment left; its tables consume and advance nothing. Returns false if a segment is damaged.
bool DecodeSegments(const std::vector<SegmentJob>& jobs, const std::vector<PlannedBlock>& plan,
                    const uint16_t* row);

}  // namespace reel3d::jpeg
