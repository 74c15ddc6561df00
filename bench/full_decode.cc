// SPDX-License-Identifier: Apache-2.0
#include "bench/full_decode.h"

namespace reel3d::bench {

void FullDecode::Decode(const uint8_t* data, size_t size, const CropPlan& plan, uint8_t* out,
                        int64_t out_stride) {
  constexpr int kBytesPerPixel = 4;
  jpeg_decompress_struct* info = jpeg_.Start(data, size, 8);
  resizer_.Prepare(plan);
  // Rows that are not aligned to vectors stay in the cache, as in lib/frames/frame_decoder.
  row_.resize(size_t{info->output_width} * kBytesPerPixel + kBytesPerPixel +
              CropResizer::kRowPadding);
  JSAMPROW pixels = row_.data() + kBytesPerPixel;
  for (int y = 0; y < static_cast<int>(info->output_height); ++y) {
    jpeg_read_scanlines(info, &pixels, 1);
    if (y >= resizer_.first_row() && y < resizer_.end_row()) {
      resizer_.AddRow(y, pixels + static_cast<ptrdiff_t>(resizer_.first_column()) * kBytesPerPixel);
    }
  }
  jpeg_finish_decompress(info);
  resizer_.Finish(out, out_stride);
}

}  // namespace reel3d::bench
