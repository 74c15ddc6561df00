// Reads the headers of a JPEG without decoding it: enough to describe a stored frame and to refuse
// other data. It accepts baseline 4:2:0 Huffman JPEGs only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace reel3d {

struct JpegHeader {
  int width = 0, height = 0;  // pixels
  int restart_interval = 0;   // MCUs between restart markers; 0: none
  int quality = 0;            // 1 .. 100 if luma is quantised as libjpeg does for it; 0 otherwise
};

// Throws an input error unless `jpeg` is one complete baseline JPEG, YCbCr 4:2:0, up to its end
// marker. Source of the layout: ITU-T T.81, annex B.
JpegHeader ReadJpegHeader(const std::vector<uint8_t>& jpeg);

}  // namespace reel3d
