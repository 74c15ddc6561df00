// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/clip_sheet.h"

#include <png.h>
#include <torch/types.h>

#include <algorithm>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Encodes uint8 (height, width, 3).
std::string EncodePng(const at::Tensor& pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(pixels.size(0));
  image.width = static_cast<png_uint_32>(pixels.size(1));
  image.format = PNG_FORMAT_RGB;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  REEL3D_CHECK(png_image_write_to_memory(&image, bytes.data(), &size, /*convert_to_8_bit=*/0,
                                         pixels.contiguous().data_ptr(), /*row_stride=*/0,
                                         /*colormap=*/nullptr) != 0);
  bytes.resize(size);
  return bytes;
}

}  // namespace

Picture ClipSheet(const at::Tensor& pixels) {
  constexpr int64_t kMost = 8;
  constexpr int64_t kGap = 2;  // white pixels between frames
  const int64_t num_frames = pixels.size(2);
  const int64_t num_columns = std::min(kMost, num_frames);
  const at::Tensor columns =
      torch::arange(num_columns, at::kLong).mul_(num_frames).floor_divide_(num_columns);
  // (N, T, 3, H, W), each frame with a margin on the right and below.
  const at::Tensor frames = at::constant_pad_nd(
      pixels.slice(0, 0, kMost).index_select(2, columns).transpose(1, 2), {0, kGap, 0, kGap}, 255);
  const at::Tensor sheet =
      frames.permute({0, 3, 1, 4, 2})
          .reshape({frames.size(0) * frames.size(3), num_columns * frames.size(4), frames.size(2)});
  return {static_cast<int>(sheet.size(1)), static_cast<int>(sheet.size(0)), EncodePng(sheet)};
}

}  // namespace reel3d
