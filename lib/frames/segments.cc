// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lib/frames/jpeg_stream.h"

// This file is compiled once for each set of vector instructions (hwy/foreach_target.h).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/frames/segments.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace reel3d::jpeg::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Collects the beginnings of segments; every marker must be the expected one.
class MarkerList {
 public:
  MarkerList(const uint8_t* data, size_t count, std::vector<uint32_t>* begins)
      : data_(data), count_(count), begins_(*begins) {}

  bool done() const { return begins_.size() == count_ + 1; }

  // Adds the marker whose FF is at `at`; the caller has checked that no 00 follows. Returns false
  // if another marker is due.
  bool Add(size_t at) {
    constexpr int kEndOfImage = 0xD9;
    constexpr int kFirstRestart = 0xD0;
    const size_t found = begins_.size();
    const int due =
        found == count_ ? kEndOfImage : kFirstRestart + static_cast<int>((found - 1) & 7);
    begins_.push_back(static_cast<uint32_t>(at + 2));
    return data_[at + 1] == due;
  }

 private:
  const uint8_t* data_;
  const size_t count_;
  std::vector<uint32_t>& begins_;
};

bool FindSegmentsSimd(const uint8_t* data, size_t size, size_t scan_begin, size_t count,
                      std::vector<uint32_t>* begins) {
  begins->clear();
  if (scan_begin > size || size > UINT32_MAX) {
    return false;
  }
  begins->push_back(static_cast<uint32_t>(scan_begin));
  MarkerList markers(data, count, begins);
  // A vector has at most 64 bytes, so that a mask of them is one number.
  const hn::CappedTag<uint8_t, 64> d;
  const size_t lanes = hn::Lanes(d);
  const auto ff = hn::Set(d, 0xFF);
  const auto zero = hn::Zero(d);
  size_t at = scan_begin;
  for (; at + lanes + 1 <= size; at += lanes) {  // 1: the byte behind the vector is read, too
    const auto is_ff = hn::Eq(hn::LoadU(d, data + at), ff);
    const auto is_stuffed = hn::Eq(hn::LoadU(d, data + at + 1), zero);
    uint64_t hits = 0;
    hn::StoreMaskBits(d, hn::AndNot(is_stuffed, is_ff), reinterpret_cast<uint8_t*>(&hits));
    for (; hits != 0; hits &= hits - 1) {
      if (!markers.Add(at + hwy::Num0BitsBelowLS1Bit_Nonzero64(hits))) {
        return false;
      }
      if (markers.done()) {
        return true;
      }
    }
  }
  for (; at + 2 <= size; ++at) {
    if (data[at] == 0xFF && data[at + 1] != 0) {
      if (!markers.Add(at)) {
        return false;
      }
      if (markers.done()) {
        return true;
      }
    }
  }
  return false;
}

size_t UnstuffSimd(const uint8_t* begin, const uint8_t* end, const uint8_t* readable,
                   uint8_t* out) {
  const hn::CappedTag<uint8_t, 32> d;
  const auto lanes = static_cast<ptrdiff_t>(hn::Lanes(d));
  const auto ff = hn::Set(d, 0xFF);
  const uint8_t* const out_begin = out;
  while (begin < end && readable - begin >= lanes) {
    const auto bytes = hn::LoadU(d, begin);
    hn::StoreU(bytes, d, out);
    const ptrdiff_t first_ff = hn::FindFirstTrue(d, hn::Eq(bytes, ff));
    // Keep the bytes up to the first FF, drop the 00 behind it.
    const ptrdiff_t keep = first_ff < 0 ? lanes : first_ff + 1;
    out += std::min(keep, end - begin);
    begin += keep + (first_ff < 0 ? 0 : 1);
  }
  while (begin < end) {
    const uint8_t byte = *begin++;
    *out++ = byte;
    begin += byte == 0xFF ? 1 : 0;
  }
  return static_cast<size_t>(out - out_begin);
}

}  // namespace reel3d::jpeg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace reel3d::jpeg {

HWY_EXPORT(FindSegmentsSimd);
HWY_EXPORT(UnstuffSimd);

bool FindSegments(const uint8_t* data, size_t size, size_t scan_begin, size_t count,
                  std::vector<uint32_t>* begins) {
  return HWY_DYNAMIC_DISPATCH(FindSegmentsSimd)(data, size, scan_begin, count, begins);
}

size_t Unstuff(const uint8_t* begin, const uint8_t* end, const uint8_t* readable, uint8_t* out) {
  return HWY_DYNAMIC_DISPATCH(UnstuffSimd)(begin, end, readable, out);
}

}  // namespace reel3d::jpeg
#endif
