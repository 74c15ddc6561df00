// libjpeg-turbo's decompressor for the peers in this folder. Their frames are known to be good, so
// an error ends the program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs this header before it

#include <jpeglib.h>

namespace reel3d::bench {

class JpegHandle {
 public:
  JpegHandle() {
    info_.err = jpeg_std_error(&errors_);
    jpeg_create_decompress(&info_);
  }
  ~JpegHandle() { jpeg_destroy_decompress(&info_); }
  JpegHandle(const JpegHandle&) = delete;
  JpegHandle& operator=(const JpegHandle&) = delete;

  // Begins to decode a JPEG to RGBX at `eighths` / 8 of its size.
  jpeg_decompress_struct* Start(const uint8_t* data, size_t size, int eighths) {
    jpeg_abort_decompress(&info_);
    jpeg_mem_src(&info_, data, size);
    jpeg_read_header(&info_, TRUE);
    info_.scale_num = static_cast<unsigned>(eighths);
    info_.scale_denom = 8;
    info_.out_color_space = JCS_EXT_RGBX;
    jpeg_start_decompress(&info_);
    return &info_;
  }

 private:
  jpeg_decompress_struct info_ = {};
  jpeg_error_mgr errors_ = {};
};

}  // namespace reel3d::bench
