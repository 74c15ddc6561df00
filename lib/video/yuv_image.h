// YuvImage is a picture in three planes, 4:2:0: luma Y, and Cb and Cr at half width and height.
// The class does not record range and matrix. Between the folders of lib/, pictures are full-range
// BT.601, as in JPEG.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>

namespace reel3d {

class YuvImage {
 public:
  static constexpr int kPlanes = 3;

  YuvImage() = default;
  // Width and height are in pixels, positive and even. All bytes are 0.
  YuvImage(int width, int height);

  int width(int plane = 0) const { return plane == 0 ? width_ : width_ / 2; }
  int height(int plane = 0) const { return plane == 0 ? height_ : height_ / 2; }
  // Returns the bytes from one row to the next. The stride and the address of the first row are
  // multiples of 64.
  int stride(int plane) const { return plane == 0 ? luma_stride_ : chroma_stride_; }
  uint8_t* row(int plane, int y) { return planes_[plane] + ptrdiff_t{y} * stride(plane); }
  const uint8_t* row(int plane, int y) const {
    return planes_[plane] + ptrdiff_t{y} * stride(plane);
  }

  // Repeats each row's last pixel up to a multiple of 8, because JPEG blocks end there.
  void PadRight();

 private:
  struct Free {
    void operator()(uint8_t* bytes) const;
  };

  int width_ = 0, height_ = 0;
  int luma_stride_ = 0, chroma_stride_ = 0;
  std::unique_ptr<uint8_t, Free> bytes_;
  std::array<uint8_t*, kPlanes> planes_{};
};

}  // namespace reel3d
