// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/segment_lanes.h"

#include <cstring>

// This file is compiled once for each set of vector instructions (hwy/foreach_target.h). It uses no
// vectors, but newer sets bring shifts by any count in one step (BMI2).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/frames/segment_lanes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace reel3d::jpeg::HWY_NAMESPACE {

// Reads the next bits of a segment from the top of a 64-bit buffer.
class BitReader {
 public:
  static constexpr int kBitsAfterRefill = 56;

  BitReader() = default;
  [[gnu::always_inline]] explicit BitReader(const uint8_t* bytes) : next_(bytes) {}
  // Returns a reader that yields zeros and never moves on.
  static BitReader Idle() {
    static constexpr std::array<uint8_t, 8> kNothing{};
    BitReader reader(kNothing.data());
    reader.bits_ = kBitsAfterRefill;
    return reader;
  }

  [[gnu::always_inline]] inline void Refill() {
    uint64_t word = 0;
    std::memcpy(&word, next_, sizeof word);
    buffer_ |= __builtin_bswap64(word) >> (bits_ & 63);
    next_ += (63 - (bits_ & 63)) >> 3;
    bits_ |= kBitsAfterRefill;
  }
  [[gnu::always_inline]] inline uint32_t Peek(int count) const {
    return static_cast<uint32_t>(buffer_ >> (64 - count));
  }
  // `count` may be a raw table entry, because only its low 6 bits matter.
  [[gnu::always_inline]] inline void Skip(uint64_t count) {
    buffer_ <<= count & 63;
    bits_ -= count;
  }
  [[gnu::always_inline]] inline const uint8_t* position() const {
    return next_ - ((bits_ & 63) >> 3);
  }
  uint64_t buffer() const { return buffer_; }

 private:
  uint64_t buffer_ = 0;  // next bit on top
  uint64_t bits_ = 0;    // number of valid bits in the buffer, in the low 6 bits
  const uint8_t* next_ = nullptr;
};

// Reads a code, then its magnitude; needs 32 bits in the reader. Returns the symbol, or -1.
int ReadSlowly(const CanonicalCodes& codes, BitReader* in, int* value) {
  int length = 0;
  int symbol = 0;
  if (const int code = codes.short_code[in->Peek(kLookUpBits)]; code != 0) {
    length = code >> 8;
    symbol = code & 0xFF;
  } else {
    length = kLookUpBits + 1;
    while (length <= 16 &&
           static_cast<int32_t>(in->Peek(length)) > codes.max_code[static_cast<size_t>(length)]) {
      ++length;
    }
    if (length > 16) {
      return -1;
    }
    const int index =
        static_cast<int>(in->Peek(length)) + codes.value_offset[static_cast<size_t>(length)];
    symbol = codes.symbol[static_cast<size_t>(index) & 0xFF];
  }
  in->Skip(static_cast<uint64_t>(length));
  const int size = symbol & 15;  // at most 11; no branch, because the sign is unpredictable
  const int magnitude = static_cast<int>(in->buffer() >> 1 >> (63 - size));
  const int negative = ~static_cast<int>(static_cast<int64_t>(in->buffer()) >> 63);
  *value = magnitude - (((1 << size) - 1) & negative);
  in->Skip(static_cast<uint64_t>(size));
  return symbol;
}

// The decoding state of one segment. A mispredicted branch costs as much as decoding several
// symbols, so ends of blocks are handled without branches. Two lanes take turns, so that each hides
// the other's latency.
class Lane {
 public:
  [[gnu::always_inline]] inline void Start(const SegmentJob& job, const PlannedBlock* first) {
    in_ = BitReader(job.bytes);
    block_ = first;
    end_ = first + static_cast<ptrdiff_t>(job.stop) * kBlocksPerMcu;
    limit_ = job.bytes + job.size;
    whole_ = job.whole;
    table_ = block_->codes->first();
    index_ = 0;
    in_.Refill();
  }
  [[gnu::always_inline]] inline void Halt(const PlannedBlock* idle) {
    in_ = BitReader::Idle();
    block_ = idle;
    end_ = nullptr;
    table_ = idle->table[kSameBlock];
    index_ = 0;
  }
  [[gnu::always_inline]] inline void Refill() { in_.Refill(); }
  [[gnu::always_inline]] inline bool finished() const { return block_ == end_; }
  // Returns true if the segment ends within the padding of its last byte.
  [[gnu::always_inline]] inline bool EndsProperly() const {
    return in_.position() <= limit_ && (!whole_ || in_.position() == limit_);
  }

  // Does one look-up. Returns false on an error.
  [[gnu::always_inline]] inline bool Step(const uint16_t* row) {
    const Entry entry = table_[in_.Peek(kLookUpBits)];
    const unsigned after = index_ + entry.Advance();
    if (__builtin_expect(static_cast<int64_t>(after & Entry::kSlow), 0) != 0) {
      return StepSlowly(row);
    }
    int16_t* to = block_->to;
    to[row[index_ + entry.FirstOffset()]] = entry.FirstValue();
    to[row[index_ + entry.SecondOffset()]] = entry.SecondValue();
    in_.Skip(entry.bits);
    Advance(after, entry.Next(), entry.EndsBlock());
    return true;
  }

 private:
  [[gnu::always_inline]] inline void Advance(unsigned after, unsigned next, bool done) {
    table_ = block_->table[next];
    block_ += static_cast<int>(done);
    index_ = after & (static_cast<unsigned>(done) - 1);
  }

  [[gnu::always_inline]] inline bool StepSlowly(const uint16_t* row) {
    if (in_.position() > limit_) {
      return false;
    }
    in_.Refill();
    BitReader in = in_;              // a copy, so that the call does not force in_ into memory
    if (IsMagnitudeTable(table_)) {  // the block's last coefficient
      const Entry entry = table_[in.Peek(kLookUpBits)];
      block_->to[row[index_]] = entry.FirstValue();
      in_.Skip(entry.bits);
      in_.Refill();
      Advance(64, kNextBlock, true);
      return true;
    }
    int value = 0;
    const bool is_dc = index_ == 0;
    const ComponentCodes& codes = *block_->codes;
    const int symbol = ReadSlowly(is_dc ? codes.dc() : codes.ac(), &in, &value);
    in.Refill();  // the caller relies on a full buffer
    in_ = in;
    constexpr int kSixteenZeros = 0xF0;
    const bool end = !is_dc && symbol == 0;
    const bool undefined = !is_dc && !end && (symbol & 15) == 0 && symbol != kSixteenZeros;
    const unsigned index = index_ + (is_dc ? 0 : static_cast<unsigned>(symbol) >> 4);
    if (symbol < 0 || index > 63 || undefined) {
      return false;
    }
    if (!end) {
      block_->to[row[index]] = static_cast<int16_t>(value);
    }
    const bool done = end || index == 63;
    Advance(index + 1, done ? kNextBlock : kSameBlock, done);
    return true;
  }

  BitReader in_;
  unsigned index_ = 0;
  const Entry* table_ = nullptr;
  const PlannedBlock* block_ = nullptr;
  const PlannedBlock* end_ = nullptr;
  const uint8_t* limit_ = nullptr;
  bool whole_ = false;
};

bool DecodeSegmentsSimd(const std::vector<SegmentJob>& jobs, const std::vector<PlannedBlock>& plan,
                        const uint16_t* row) {
  const PlannedBlock* const idle = &plan.back();
  size_t num_started = 0;
  int num_active = 0;
  const auto begin = [&](Lane & lane) __attribute__((always_inline)) {
    if (num_started == jobs.size()) {
      lane.Halt(idle);
      return;
    }
    const SegmentJob& job = jobs[num_started++];
    lane.Start(job, FirstBlock(plan, job));
    ++num_active;
  };
  const auto step = [&](Lane & lane) __attribute__((always_inline)) {
    if (!lane.Step(row)) {
      return false;
    }
    if (__builtin_expect(static_cast<int64_t>(!lane.finished()), 1) != 0) {
      return true;
    }
    --num_active;
    const bool ok = lane.EndsProperly();
    begin(lane);
    return ok;
  };
  // These are two variables, not an array, so that they stay in registers; a third lane would not
  // fit.
  Lane a;
  Lane b;
  begin(a);
  begin(b);
  while (num_active > 0) {
    a.Refill();
    b.Refill();
    for (int i = 0; i < BitReader::kBitsAfterRefill / kLookUpBits; ++i) {
      if (!step(a) || !step(b)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace reel3d::jpeg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace reel3d::jpeg {

HWY_EXPORT(DecodeSegmentsSimd);

bool DecodeSegments(const std::vector<SegmentJob>& jobs, const std::vector<PlannedBlock>& plan,
                    const uint16_t* row) {
  return HWY_DYNAMIC_DISPATCH(DecodeSegmentsSimd)(jobs, plan, row);
}

}  // namespace reel3d::jpeg
#endif
