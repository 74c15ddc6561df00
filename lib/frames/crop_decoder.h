// Decodes only what a clip shows of a stored frame: the restart segments that its crop touches, and
// the frequencies that its size needs. The planes are resized before they are converted to RGB.
//
// Its pixels differ from PIL's (PSNR at least 48 dB), but take a fraction of the time. For PIL's
// pixels use lib/frames/frame_decoder. Source of the idea: docs/explanation/data_path.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/data/crop_plan.h"
#include "lib/frames/inverse_dct.h"
#include "lib/frames/jpeg_stream.h"
#include "lib/frames/plane_resizer.h"
#include "lib/frames/row_decoder.h"

namespace reel3d::jpeg {

struct CropDecoderOptions {
  // Minimum of decoded samples per output pixel. Planes are decoded at the smallest scale of 1/8 ..
  // 8/8 that reaches this. On real videos 1 is the fastest, with a PSNR of 46 dB against PIL's
  // picture (44 at the worst scale). 1.5 costs 10 % more time for 50 dB (48.5), 2 another 8 % for
  // 52 dB (51).
  double oversample = 1.5;
};

// Times of the phases, summed over all frames. Measuring them costs a thousandth of the total time.
struct CropDecoderPhases {
  double scan_s = 0;    // header and restart markers
  double decode_s = 0;  // entropy decoding and inverse transform
  double resize_s = 0;  // resizing and colour conversion
};

// A crop, and the memory for its pixels: plan.size x plan.size red ones at `out`, then green and
// blue ones, each at a distance that Decode() is given.
struct CropTarget {
  CropPlan plan;
  uint8_t* out = nullptr;
};

// Keeps tables, geometry and buffers from frame to frame. Use one decoder per thread.
class CropDecoder {
 public:
  explicit CropDecoder(const CropDecoderOptions& options = {}) : options_(options) {}

  // Writes plan.size x plan.size red pixels at `out`, green at out_stride behind red, blue at
  // out_stride behind green. Returns false if the frame is damaged, is not of the kind that
  // pack-shards writes, or is too small or too large for the plan. `out` may then be partly
  // written.
  bool Decode(const uint8_t* data, size_t size, const CropPlan& plan, uint8_t* out,
              int64_t out_stride);
  // Does the same for several crops, but decodes only once. The bytes of each crop are those that
  // it has alone. Returns false too if the crops are not windows of the same resized region.
  bool Decode(const uint8_t* data, size_t size, const std::vector<CropTarget>& targets,
              int64_t out_stride);

  const CropDecoderPhases& phases() const { return phases_; }

 private:
  // MCUs (blocks of 16 x 16 pixels) of a frame.
  struct McuArea {
    int left = 0, right = 0, top = 0, bottom = 0;
  };
  // A crop of the geometry below.
  struct Crop {
    CropPlan plan;
    McuArea area;  // the MCUs that it needs
    PlaneFilter luma, chroma;
  };

  bool PrepareHeader(const uint8_t* data, size_t size);
  bool HasGeometry(const std::vector<CropTarget>& targets) const;
  bool PrepareGeometry(const std::vector<CropTarget>& targets);
  void CoverCrops();
  bool PrepareFilter(size_t component, Crop* crop) const;
  bool DecodeRow(const uint8_t* data, size_t size, int mcu_row);
  void MakeJobs(const uint8_t* data, size_t size, int mcu_row);
  void TransformUnit(int mcu_row, int unit);

  CropDecoderOptions options_;
  CropDecoderPhases phases_;
  StreamHeader header_;
  std::vector<uint8_t> header_bytes_;  // the source of header_ and rows_
  RowDecoder rows_;
  std::array<QuantSteps, 3> steps_{};

  std::vector<CropTarget> single_;           // for Decode() of one crop
  bool has_geometry_ = false;                // true: the geometry fits crops_ and header_
  std::vector<Crop> crops_;                  // their filters fit the planes of all crops together
  McuArea area_;                             // the MCUs that any crop needs
  int luma_size_ = 0, chroma_size_ = 0;      // pixels of a decoded block, 1 .. 8
  int first_segment_ = 0, end_segment_ = 0;  // in each row of MCUs
  int segments_per_unit_ = 0;
  int origin_ = 0;  // MCU column at the planes' left edge
  std::array<Plane, 3> planes_;
  PlaneResizer resizer_;

  std::vector<uint32_t> begins_;
  std::vector<uint8_t> bytes_;
  std::vector<SegmentJob> jobs_;
};

}  // namespace reel3d::jpeg
