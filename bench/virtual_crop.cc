// SPDX-License-Identifier: Apache-2.0
#include "bench/virtual_crop.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "bench/rgbx_resize.h"
#include "lib/base/error.h"

namespace reel3d::bench {
namespace {

constexpr int kMcuSide = 16;
constexpr int kMargin = 3;  // pixels beside the crop that smooth upsampling of chroma reads

// Sets height and width in the frame header.
void SetSize(uint8_t* jpeg, size_t scan_begin, int width, int height) {
  constexpr uint8_t kBaselineFrame = 0xC0;
  for (size_t at = 2; at < scan_begin; at += 2 + (size_t{jpeg[at + 2]} << 8 | jpeg[at + 3])) {
    if (jpeg[at + 1] == kBaselineFrame) {
      const std::array<uint8_t, 4> size{
          static_cast<uint8_t>(height >> 8), static_cast<uint8_t>(height),
          static_cast<uint8_t>(width >> 8), static_cast<uint8_t>(width)};
      std::memcpy(jpeg + at + 5, size.data(), size.size());
    }
  }
}

}  // namespace

void VirtualCrop::CutOut(const uint8_t* data, size_t size, const CropPlan& plan) {
  REEL3D_CHECK(jpeg::ReadStreamHeader(data, size, &header_) &&
               jpeg::FindSegments(data, size, header_.scan_begin, header_.NumSegments(), &begins_));
  const int segment_px = kMcuSide * header_.restart_interval;
  const int per_row = header_.SegmentsPerRow();
  const int first = std::max(0, plan.x - kMargin) / segment_px;
  const int end = std::min(per_row, (plan.x + plan.width + kMargin + segment_px - 1) / segment_px);
  const int first_row = std::max(0, plan.y - kMargin) / kMcuSide;
  const int end_row =
      std::min(header_.mcu_rows, (plan.y + plan.height + kMargin + kMcuSide - 1) / kMcuSide);
  left_ = first * segment_px;
  top_ = first_row * kMcuSide;
  const int width = std::min(header_.width, end * segment_px) - left_;
  const int height = std::min(header_.height, end_row * kMcuSide) - top_;
  if (jpeg_bytes_.size() < size) {
    jpeg_bytes_.resize(size);
  }
  uint8_t* to = jpeg_bytes_.data();
  std::memcpy(to, data, header_.scan_begin);
  SetSize(to, header_.scan_begin, width, height);
  to += header_.scan_begin;
  int number = 0;
  for (int row = first_row; row < end_row; ++row) {
    for (int segment = first; segment < end; ++segment) {
      const uint32_t* begin = begins_.data() + static_cast<ptrdiff_t>(row) * per_row + segment;
      const size_t length = begin[1] - 2 - begin[0];
      std::memcpy(to, data + begin[0], length);
      to[length] = 0xFF;
      to[length + 1] = static_cast<uint8_t>(0xD0 + (number++ & 7));
      to += length + 2;
    }
  }
  to[-1] = 0xD9;  // the last marker ends the image
  jpeg_size_ = static_cast<size_t>(to - jpeg_bytes_.data());
}

void VirtualCrop::Decode(const uint8_t* data, size_t size, const CropPlan& plan, uint8_t* out,
                         int64_t out_stride) {
  constexpr int kRowsAtOnce = 8;
  CutOut(data, size, plan);
  const int eighths = 8.0 * plan.size / plan.width <= 4.08 ? 4 : 8;
  const double scale = eighths / 8.0;
  jpeg_decompress_struct* info = jpeg_.Start(jpeg_bytes_.data(), jpeg_size_, eighths);
  const auto height = static_cast<int>(info->output_height);
  SquareCrop crop{(plan.x - left_) * scale, (plan.y - top_) * scale, plan.width * scale};
  // The columns left and right of the crop need no transform.
  auto left = static_cast<JDIMENSION>(std::max(0, static_cast<int>(crop.x) - 1));
  auto width =
      std::min(info->output_width, static_cast<JDIMENSION>(std::ceil(crop.x + crop.side)) + 1) -
      left;
  if (width + kMcuSide < info->output_width) {
    jpeg_crop_scanline(info, &left, &width);
    crop.x -= left;
  } else {
    width = info->output_width;
  }
  const size_t stride = size_t{width} * 4;
  const size_t needed = stride * static_cast<size_t>(height + kRowsAtOnce) + kRgbxSlack;
  if (pixels_.size() < needed) {
    pixels_.resize(needed);
  }
  while (info->output_scanline < info->output_height) {
    std::array<JSAMPROW, kRowsAtOnce> rows{};
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i] = pixels_.data() + (info->output_scanline + i) * stride;
    }
    jpeg_read_scanlines(info, rows.data(), kRowsAtOnce);
  }
  jpeg_finish_decompress(info);
  ResizeRgbx({pixels_.data(), static_cast<int>(width), height}, crop, plan.size, plan.flip, out,
             out_stride);
}

}  // namespace reel3d::bench
