// The best result of a stock libjpeg-turbo for a crop of a frame with restart markers. The segments
// that the crop touches become an ordinary small JPEG of their own. libjpeg-turbo decodes it at 4/8
// or 8/8, the only useful scales for which it has vector code, and two-tap bilinear does the rest.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/libjpeg_handle.h"
#include "lib/data/crop_plan.h"
#include "lib/frames/jpeg_stream.h"

namespace reel3d::bench {

class VirtualCrop {
 public:
  // Writes plan.size x plan.size red pixels at `out`, green at out_stride behind red, blue at
  // out_stride behind green. It supports only the square crops of training, in which the plan's
  // window is its complete region.
  void Decode(const uint8_t* data, size_t size, const CropPlan& plan, uint8_t* out,
              int64_t out_stride);

 private:
  // Fills jpeg_bytes_ and sets its place in the frame, left_ and top_.
  void CutOut(const uint8_t* data, size_t size, const CropPlan& plan);

  jpeg::StreamHeader header_;
  std::vector<uint32_t> begins_;
  std::vector<uint8_t> jpeg_bytes_;
  size_t jpeg_size_ = 0;
  int left_ = 0, top_ = 0;  // place in the frame, in pixels
  JpegHandle jpeg_;
  std::vector<uint8_t> pixels_;
};

}  // namespace reel3d::bench
