// Reads the headers of a JPEG without decoding it: enough to describe a stored frame and to refuse
// other data. It accepts baseline 4:2:0 Huffman JPEGs only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace reel3d {

struct JpegHeader {
  int width = 0, height = 0;  // pixels
  int restart_interval = 0;   // MCUs (16 x 16 pixels) between restart markers; 0: none
  int quality = 0;            // libjpeg's quality with this luma table, 1 .. 100; 0: there is none
};

// Throws an input error unless `jpeg` is one complete baseline JPEG, YCbCr 4:2:0, up to its end
// marker. Source of the layout: ITU-T T.81, annex B.
JpegHeader ReadJpegHeader(const std::vector<uint8_t>& jpeg);

}  // namespace reel3d
