// The most obvious peer: libjpeg-turbo decodes the complete frame, and PIL's filter resizes the
// crop of it. The resizer is the product's (exact and vectorised), so that only the decoding is
// naive.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/libjpeg_handle.h"
#include "lib/data/crop_plan.h"
#include "lib/frames/resize.h"

namespace reel3d::bench {

class FullDecode {
 public:
  // Writes plan.size x plan.size red pixels at `out`, green at out_stride behind red, blue at
  // out_stride behind green.
  void Decode(const uint8_t* data, size_t size, const CropPlan& plan, uint8_t* out,
              int64_t out_stride);

 private:
  JpegHandle jpeg_;
  CropResizer resizer_;
  std::vector<uint8_t> row_;
};

}  // namespace reel3d::bench
