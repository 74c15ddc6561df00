// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/row_decoder.h"

namespace reel3d::jpeg {
namespace {

const EntryTable kHaltTable{};  // consumes and advances nothing

}  // namespace

bool RowDecoder::SetHeader(const StreamHeader& header) {
  // Cb and Cr share their tables if these are equal, because that saves cache.
  const bool shared = header.dc_of[1] == header.dc_of[2] && header.ac_of[1] == header.ac_of[2];
  for (size_t c = 0; c < 3; ++c) {
    const size_t slot = c == 2 && shared ? 1 : c;
    if (!built_[slot]) {
      built_[slot] = std::make_unique<ComponentCodes>();
    }
    if (!built_[slot]->Build(header.dc[header.dc_of[c]], header.ac[header.ac_of[c]])) {
      return false;
    }
    codes_[c] = built_[slot].get();
  }
  MakePlan();
  return true;
}

void RowDecoder::SetGeometry(int num_units, int size) {
  if (static_cast<size_t>(num_units) > units_.size()) {
    units_.resize(static_cast<size_t>(num_units));
    MakePlan();
  }
  for (size_t k = 0; k < row_.size(); ++k) {
    const int natural = k < 64 ? kZigzagToNatural[k] : 0;
    const bool used = k < 64 && natural / 8 < size && natural % 8 < size;
    row_[k] = static_cast<uint16_t>((used ? natural : kUnusedRow) * kBlocksAside);
  }
}

void RowDecoder::MakePlan() {
  plan_.clear();
  for (CoefficientUnit& unit : units_) {
    for (int mcu = 0; mcu < kUnitMcus; ++mcu) {
      for (int b = 0; b < kBlocksPerMcu; ++b) {
        PlannedBlock block{};
        block.to = b < 4 ? unit.luma[mcu / 4].value[0] + (2 * (mcu % 4) + 8 * (b / 2) + b % 2)
                         : unit.chroma.value[0] + (mcu + 8 * (b - 4));
        const size_t component = b < 4 ? 0 : static_cast<size_t>(b - 3);
        const size_t next = b < 3 ? 0 : static_cast<size_t>((b - 2) % 4 % 3);
        block.codes = codes_[component];
        block.table[kSameBlock] = codes_[component]->later();
        block.table[kNextBlock] = codes_[next]->first();
        for (int size = kMinMagnitude; size <= kMaxMagnitude; ++size) {
          block.table[static_cast<size_t>(kMagnitude + size - kMinMagnitude)] =
              MagnitudeTable(size);
        }
        plan_.push_back(block);
      }
    }
  }
  PlannedBlock idle{};
  idle.to = idle_.value[0];
  idle.codes = codes_[0];
  idle.table.fill(kHaltTable.data());
  plan_.push_back(idle);
}

// Restores the mean values, since segments carry only their differences.
void RowDecoder::SumDc(const SegmentJob& job) {
  const PlannedBlock* block = FirstBlock(plan_, job);
  int sums[3] = {};
  for (int b = 0; b < job.stop * kBlocksPerMcu; ++b, ++block) {
    const int component = b % kBlocksPerMcu < 4 ? 0 : b % kBlocksPerMcu - 3;
    sums[component] += *block->to;
    *block->to = static_cast<int16_t>(sums[component]);
  }
}

bool RowDecoder::Decode(const std::vector<SegmentJob>& jobs) {
  if (!DecodeSegments(jobs, plan_, row_.data())) {
    return false;
  }
  for (const SegmentJob& job : jobs) {
    SumDc(job);
  }
  return true;
}

}  // namespace reel3d::jpeg
