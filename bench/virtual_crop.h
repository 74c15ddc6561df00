// The best that a stock libjpeg-turbo gives for a crop of a frame with restart markers: the
// segments that the crop touches become an ordinary small JPEG of their own, which it decodes at
// 4/8 or 8/8 (the only useful scales that it has vector code for), and two-tap bilinear does the
// rest.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/libjpeg_handle.h"
#include "lib/data/crop_plan.h"
#include "lib/jpeg/jpeg_stream.h"

namespace reel3d::bench {

class VirtualCrop {
 public:
  // Writes plan.size x plan.size red pixels at `out`, green out_stride later, then blue. For the
  // square crops of training alone: plan's window is its whole region.
  void Decode(const uint8_t* data, size_t size, const CropPlan& plan, uint8_t* out,
              int64_t out_stride);

 private:
  // Fills jpeg_bytes_ and says where in the frame it lies.
  void CutOut(const uint8_t* data, size_t size, const CropPlan& plan);

  jpeg::StreamHeader header_;
  std::vector<uint32_t> begins_;
  std::vector<uint8_t> jpeg_bytes_;
  size_t jpeg_size_ = 0;
  int left_ = 0, top_ = 0;  // pixels of the frame
  JpegHandle jpeg_;
  std::vector<uint8_t> pixels_;
};

}  // namespace reel3d::bench
