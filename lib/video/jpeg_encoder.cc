// SPDX-License-Identifier: Apache-2.0
#include "lib/video/jpeg_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "lib/base/error.h"
#include "lib/base/versions.h"

namespace reel3d {
namespace {

// This is the version compiled against; libjpeg does not say which one is loaded.
const LinkedLibrary kJpeg("libjpeg-turbo",
                          fmt::format("{}.{}.{}", LIBJPEG_TURBO_VERSION_NUMBER / 1'000'000,
                                      LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000,
                                      LIBJPEG_TURBO_VERSION_NUMBER % 1000));

constexpr int kMcuSide = 16;

// libjpeg calls Escape() on an error. It must not return to libjpeg, so it jumps.
struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf escape;
  std::array<char, JMSG_LENGTH_MAX> message;
};

[[noreturn]] void Escape(j_common_ptr info) {
  auto* manager = reinterpret_cast<ErrorManager*>(info->err);
  info->err->format_message(info, manager->message.data());
  std::longjmp(manager->escape, 1);
}

// Points `rows` at the rows of one row of MCUs, from pixel row `first_row` on. Below the picture,
// its last row repeats.
void PointAtRows(const YuvImage& image, int first_row,
                 std::array<std::array<JSAMPROW, kMcuSide>, YuvImage::kPlanes>* rows) {
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    const int count = plane == 0 ? kMcuSide : kMcuSide / 2;
    const int first = plane == 0 ? first_row : first_row / 2;
    for (int i = 0; i < count; ++i) {
      const int y = std::min(first + i, image.height(plane) - 1);
      (*rows)[plane][i] = const_cast<JSAMPROW>(image.row(plane, y));  // libjpeg only reads it
    }
  }
}

void SetUp(const YuvImage& image, int quality, jpeg_compress_struct* info) {
  info->image_width = image.width();
  info->image_height = image.height();
  info->input_components = YuvImage::kPlanes;
  info->in_color_space = JCS_YCbCr;
  jpeg_set_defaults(info);  // 4:2:0
  jpeg_set_quality(info, quality, TRUE);
  info->raw_data_in = TRUE;
  info->dct_method = JDCT_ISLOW;
  info->restart_interval = RestartInterval(image.width());
}

// An error jumps out of this function, so it must hold no object with a destructor.
void Compress(const YuvImage& image, int quality, jpeg_compress_struct* info) {
  SetUp(image, quality, info);
  jpeg_start_compress(info, TRUE);
  std::array<std::array<JSAMPROW, kMcuSide>, YuvImage::kPlanes> rows{};
  std::array<JSAMPARRAY, YuvImage::kPlanes> planes{rows[0].data(), rows[1].data(), rows[2].data()};
  for (int y = 0; y < image.height(); y += kMcuSide) {
    PointAtRows(image, y, &rows);
    jpeg_write_raw_data(info, planes.data(), kMcuSide);
  }
  jpeg_finish_compress(info);
}

}  // namespace

int RestartInterval(int image_width) {
  const int columns = (image_width + kMcuSide - 1) / kMcuSide;
  int best = columns;
  for (int divisor = 1; divisor < columns; ++divisor) {
    if (columns % divisor == 0 && std::abs(divisor - 4) < std::abs(best - 4)) {
      best = divisor;
    }
  }
  return best;
}

struct JpegEncoder::State {
  explicit State(int jpeg_quality) : quality(jpeg_quality) {
    info.err = jpeg_std_error(&error.base);
    error.base.error_exit = Escape;
    jpeg_create_compress(&info);
  }
  ~State() {
    jpeg_destroy_compress(&info);
    std::free(bytes);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const int quality;
  jpeg_compress_struct info{};
  ErrorManager error{};
  unsigned char* bytes = nullptr;  // grown by libjpeg
  unsigned long size_bytes = 0;
  std::vector<uint8_t> jpeg;
};

JpegEncoder::JpegEncoder(int quality) : state_(std::make_unique<State>(quality)) {}
JpegEncoder::~JpegEncoder() = default;

const std::vector<uint8_t>& JpegEncoder::Encode(const YuvImage& image) {
  State* state = state_.get();
  std::free(state->bytes);
  state->bytes = nullptr;
  state->size_bytes = 0;
  if (setjmp(state->error.escape) != 0) {
    jpeg_abort_compress(&state->info);
    throw Error(ErrorKind::kFailed,
                fmt::format("cannot encode a JPEG: {}", state->error.message.data()));
  }
  jpeg_mem_dest(&state->info, &state->bytes, &state->size_bytes);
  Compress(image, state->quality, &state->info);
  state->jpeg.assign(state->bytes, state->bytes + state->size_bytes);
  return state->jpeg;
}

}  // namespace reel3d
