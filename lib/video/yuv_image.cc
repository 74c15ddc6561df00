// SPDX-License-Identifier: Apache-2.0
#include "lib/video/yuv_image.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "lib/base/error.h"

namespace reel3d {
namespace {

constexpr int kAlignment = 64;

constexpr int RoundUp(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

void YuvImage::Free::operator()(uint8_t* bytes) const { std::free(bytes); }

YuvImage::YuvImage(int width, int height)
    : width_(width),
      height_(height),
      luma_stride_(RoundUp(width, kAlignment)),
      chroma_stride_(RoundUp(width / 2, kAlignment)) {
  REEL3D_CHECK(width > 0 && height > 0 && width % 2 == 0 && height % 2 == 0);
  const size_t luma_bytes = size_t(luma_stride_) * height;
  const size_t chroma_bytes = size_t(chroma_stride_) * (height / 2);
  // kAlignment bytes follow the last row, because swscale's vector code may write past its end.
  const size_t size_bytes = luma_bytes + 2 * chroma_bytes + kAlignment;
  bytes_.reset(static_cast<uint8_t*>(std::aligned_alloc(kAlignment, size_bytes)));
  if (!bytes_) {
    throw std::bad_alloc();
  }
  std::fill_n(bytes_.get(), size_bytes, uint8_t{0});
  planes_ = {bytes_.get(), bytes_.get() + luma_bytes, bytes_.get() + luma_bytes + chroma_bytes};
}

void YuvImage::PadRight() {
  for (int plane = 0; plane < kPlanes; ++plane) {
    const int pad = RoundUp(width(plane), 8) - width(plane);
    for (int y = 0; pad > 0 && y < height(plane); ++y) {
      uint8_t* end = row(plane, y) + width(plane);
      std::fill_n(end, pad, end[-1]);
    }
  }
}

}  // namespace reel3d
