// SPDX-License-Identifier: Apache-2.0
#include "tests/frames/jpeg_pictures.h"

#include <cmath>
#include <cstdio>  // jpeglib.h needs this header before it
#include <cstdlib>

#include <jpeglib.h>

#include "lib/base/rng.h"

namespace reel3d::test {
namespace {

// Returns 0 .. 191. There is an edge where the value wraps to 0.
int Slope(int x, int y, int color, int number) {
  return (x * (color + 1) / 2 + y * (3 - color) / 2 + number * 16) % 192;
}

// Returns about 20 .. 230: a sum of waves of about 10 to 200 pixels. Shorter waves are weaker.
int Waves(int x, int y, int phase) {
  return static_cast<int>(125 + 50 * std::sin(x * 0.03 + phase) + 30 * std::sin(y * 0.07 - phase) +
                          15 * std::sin((x + 2 * y) * 0.15) + 8 * std::sin((2 * x - y) * 0.25));
}

}  // namespace

std::vector<uint8_t> MakeJpeg(FrameSize frame, int number, const JpegStyle& style) {
  jpeg_compress_struct jpeg = {};
  jpeg_error_mgr errors = {};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size_bytes = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size_bytes);
  jpeg.image_width = static_cast<JDIMENSION>(frame.width);
  jpeg.image_height = static_cast<JDIMENSION>(frame.height);
  jpeg.input_components = style.grey ? 1 : 3;
  jpeg.in_color_space = style.grey ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, style.quality, TRUE);
  jpeg.restart_interval = static_cast<unsigned>(style.restart_interval);
  if (style.progressive) {
    jpeg_simple_progression(&jpeg);
  }
  jpeg_start_compress(&jpeg, TRUE);
  Rng rng(static_cast<uint64_t>(number));
  std::vector<uint8_t> row;
  for (int y = 0; y < frame.height; ++y) {
    row.clear();
    for (int x = 0; x < frame.width; ++x) {
      for (int c = 0; c < jpeg.input_components; ++c) {
        const int level = style.photographic ? Waves(x, y, c + number) : Slope(x, y, c, number);
        row.push_back(static_cast<uint8_t>(level + rng.Below(style.noise)));
      }
    }
    JSAMPROW line = row.data();
    jpeg_write_scanlines(&jpeg, &line, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::vector<uint8_t> result(bytes, bytes + size_bytes);
  jpeg_destroy_compress(&jpeg);
  std::free(bytes);
  return result;
}

std::vector<uint8_t> DecodeWholeJpeg(const std::vector<uint8_t>& bytes, FrameSize* frame) {
  jpeg_decompress_struct jpeg = {};
  jpeg_error_mgr errors = {};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = JCS_EXT_RGBX;
  jpeg_start_decompress(&jpeg);
  *frame = {static_cast<int>(jpeg.output_width), static_cast<int>(jpeg.output_height)};
  std::vector<uint8_t> pixels(size_t{4} * jpeg.output_width * jpeg.output_height);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW line = pixels.data() + size_t{4} * jpeg.output_width * jpeg.output_scanline;
    jpeg_read_scanlines(&jpeg, &line, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return pixels;
}

}  // namespace reel3d::test
