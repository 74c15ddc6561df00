// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/crop_decoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lib/base/timer.h"

namespace reel3d::jpeg {
namespace {

constexpr int kMcuSide = 16;  // pixels

// Returns whether both plans resize the same region to the same size.
bool SameRegion(const CropPlan& a, const CropPlan& b) {
  return a.frame == b.frame && a.x == b.x && a.y == b.y && a.width == b.width &&
         a.height == b.height && a.resized_width == b.resized_width &&
         a.resized_height == b.resized_height;
}

bool SamePlan(const CropPlan& a, const CropPlan& b) {
  return SameRegion(a, b) && a.window_x == b.window_x && a.window_y == b.window_y &&
         a.size == b.size && a.flip == b.flip;
}

bool IsInside(int begin, int length, int whole) {
  return begin >= 0 && length > 0 && length <= whole && begin <= whole - length;
}

bool MakesSense(const CropPlan& plan, const StreamHeader& header) {
  return plan.frame == FrameSize{header.width, header.height} && plan.size > 0 &&
         plan.size <= kMaxOutput && plan.size % 16 == 0 &&
         IsInside(plan.x, plan.width, header.width) &&
         IsInside(plan.y, plan.height, header.height) &&
         IsInside(plan.window_x, plan.size, plan.resized_width) &&
         IsInside(plan.window_y, plan.size, plan.resized_height);
}

// Returns the least n of 1 .. 8 with n / 8 * ratio >= oversample, or 8 if there is none. `ratio` is
// the number of full-size samples per output.
int ScaledSize(double ratio, double oversample) {
  constexpr double kTiny = 1e-9;
  return std::clamp(static_cast<int>(std::ceil(8 * oversample / ratio - kTiny)), 1, 8);
}

// The MCUs [begin, end) of a frame's axis that hold all pixels that influence the result. The
// filter reaches one output's width (or one sample of the coarsest plane) to either side.
struct McuRange {
  int begin = 0, end = 0;
};
McuRange NeededMcus(int begin, int length, int resized, int window, int size, double sample_px) {
  const double ratio = static_cast<double>(length) / resized;
  const double margin_px = std::max(ratio, sample_px) + sample_px;
  const double from = std::max<double>(begin, begin + window * ratio - margin_px);
  const double to = std::min<double>(begin + length, begin + (window + size) * ratio + margin_px);
  return {static_cast<int>(std::floor(from)) / kMcuSide,
          (static_cast<int>(std::ceil(to)) + kMcuSide - 1) / kMcuSide};
}

}  // namespace

bool CropDecoder::PrepareHeader(const uint8_t* data, size_t size) {
  // The frames of a video share their header byte for byte.
  const size_t known = header_bytes_.size();
  if (known != 0 && size >= known && std::memcmp(header_bytes_.data(), data, known) == 0) {
    return true;
  }
  header_bytes_.clear();
  has_geometry_ = false;
  if (!ReadStreamHeader(data, size, &header_) || !rows_.SetHeader(header_)) {
    return false;
  }
  // Cb and Cr are transformed together, so they need the same quantisation.
  if (header_.quant[header_.quant_of[1]] != header_.quant[header_.quant_of[2]] ||
      header_.restart_interval > kUnitMcus) {
    return false;
  }
  for (size_t c = 0; c < 3; ++c) {
    for (size_t k = 0; k < 64; ++k) {
      steps_[c][k] = static_cast<int16_t>(header_.quant[header_.quant_of[c]][k] * kQuantScale);
    }
  }
  header_bytes_.assign(data, data + header_.scan_begin);
  return true;
}

bool CropDecoder::HasGeometry(const std::vector<CropTarget>& targets) const {
  return has_geometry_ &&
         std::equal(targets.begin(), targets.end(), crops_.begin(), crops_.end(),
                    [](const CropTarget& a, const Crop& b) { return SamePlan(a.plan, b.plan); });
}

bool CropDecoder::PrepareGeometry(const std::vector<CropTarget>& targets) {
  if (HasGeometry(targets)) {
    return true;
  }
  has_geometry_ = false;
  const CropPlan& first = targets.front().plan;
  for (const CropTarget& target : targets) {
    if (!MakesSense(target.plan, header_) || !SameRegion(target.plan, first)) {
      return false;
    }
  }
  const double ratio = std::min(static_cast<double>(first.width) / first.resized_width,
                                static_cast<double>(first.height) / first.resized_height);
  luma_size_ = ScaledSize(ratio, options_.oversample);
  chroma_size_ = ScaledSize(ratio / 2, options_.oversample);
  const double sample_px = std::max(8.0 / luma_size_, 16.0 / chroma_size_);
  crops_.resize(targets.size());
  for (size_t i = 0; i < targets.size(); ++i) {
    const CropPlan& plan = targets[i].plan;
    const McuRange columns =
        NeededMcus(plan.x, plan.width, plan.resized_width, plan.window_x, plan.size, sample_px);
    const McuRange rows =
        NeededMcus(plan.y, plan.height, plan.resized_height, plan.window_y, plan.size, sample_px);
    crops_[i].plan = plan;
    crops_[i].area = {columns.begin, columns.end, rows.begin, rows.end};
  }
  CoverCrops();
  for (Crop& crop : crops_) {
    if (!PrepareFilter(0, &crop) || !PrepareFilter(1, &crop)) {
      return false;
    }
  }
  has_geometry_ = true;
  return true;
}

// Makes the planes large enough for the MCUs of all crops.
void CropDecoder::CoverCrops() {
  area_ = crops_.front().area;
  for (const Crop& crop : crops_) {
    area_.left = std::min(area_.left, crop.area.left);
    area_.right = std::max(area_.right, crop.area.right);
    area_.top = std::min(area_.top, crop.area.top);
    area_.bottom = std::max(area_.bottom, crop.area.bottom);
  }
  const int interval = header_.restart_interval;
  segments_per_unit_ = kUnitMcus / interval;
  first_segment_ = area_.left / interval;
  end_segment_ = (area_.right + interval - 1) / interval;
  origin_ = first_segment_ * interval;
  const int num_segments = end_segment_ - first_segment_;
  rows_.SetGeometry((num_segments + segments_per_unit_ - 1) / segments_per_unit_,
                    std::max(luma_size_, chroma_size_));
  for (size_t component = 0; component < planes_.size(); ++component) {
    const int mcu_side = component == 0 ? 2 * luma_size_ : chroma_size_;
    planes_[component].Resize((area_.right - origin_) * mcu_side,
                              (area_.bottom - area_.top) * mcu_side);
  }
}

// Makes the filter as if the planes held only the MCUs of this crop, then moves it to its place in
// the planes. So a crop has the same weights, to the last bit, whatever other crops there are.
bool CropDecoder::PrepareFilter(size_t component, Crop* crop) const {
  const CropPlan& plan = crop->plan;
  const McuArea& area = crop->area;
  const int interval = header_.restart_interval;
  const int origin = area.left / interval * interval;
  const int mcu_side = component == 0 ? 2 * luma_size_ : chroma_size_;
  const double scale = static_cast<double>(mcu_side) / kMcuSide;
  const AxisPlan horizontal{(plan.x - kMcuSide * origin) * scale, plan.width * scale,
                            plan.resized_width, plan.window_x};
  const AxisPlan vertical{(plan.y - kMcuSide * area.top) * scale, plan.height * scale,
                          plan.resized_height, plan.window_y};
  PlaneFilter& filter = component == 0 ? crop->luma : crop->chroma;
  if (!filter.Make(horizontal, vertical,
                   {(area.right - origin) * mcu_side, (area.bottom - area.top) * mcu_side},
                   plan.size, plan.flip)) {
    return false;
  }
  filter.Move((origin - origin_) * mcu_side, (area.top - area_.top) * mcu_side, plan.size);
  return true;
}

void CropDecoder::MakeJobs(const uint8_t* data, size_t size, int mcu_row) {
  const int interval = header_.restart_interval;
  const uint32_t* begins =
      begins_.data() + static_cast<size_t>(mcu_row) * static_cast<size_t>(header_.SegmentsPerRow());
  const size_t total = begins[end_segment_] - begins[first_segment_];
  if (bytes_.size() < total + kReadSlack) {
    bytes_.resize(total + kReadSlack);
  }
  jobs_.clear();
  uint8_t* to = bytes_.data();
  for (int segment = first_segment_; segment < end_segment_; ++segment) {
    SegmentJob job;
    job.bytes = to;
    job.size = Unstuff(data + begins[segment], data + begins[segment + 1] - 2, data + size, to);
    to += job.size;
    job.unit = (segment - first_segment_) / segments_per_unit_;
    job.first_mcu = (segment - first_segment_) % segments_per_unit_ * interval;
    job.stop = std::min(interval, area_.right - segment * interval);
    job.whole = job.stop == interval;
    jobs_.push_back(job);
  }
}

void CropDecoder::TransformUnit(int mcu_row, int unit) {
  const int column = unit * segments_per_unit_ * header_.restart_interval;
  const int num_mcus =
      std::min(segments_per_unit_ * header_.restart_interval, area_.right - origin_ - column);
  const auto at = [&](size_t component, int mcu, int mcu_side) {
    Plane& plane = planes_[component];
    return plane.pixels.data() +
           static_cast<ptrdiff_t>(mcu_row - area_.top) * mcu_side * plane.stride +
           static_cast<ptrdiff_t>(column + mcu) * mcu_side;
  };
  const CoefficientUnit& coefficients = rows_.unit(unit);
  for (int mcu = 0; mcu < num_mcus; mcu += 4) {
    uint8_t* upper = at(0, mcu, 2 * luma_size_);
    const ptrdiff_t stride = planes_[0].stride;
    InverseTransform(luma_size_, coefficients.luma[mcu / 4], steps_[0], upper,
                     upper + luma_size_ * stride, stride);
  }
  InverseTransform(chroma_size_, coefficients.chroma, steps_[1], at(1, 0, chroma_size_),
                   at(2, 0, chroma_size_), planes_[1].stride);
}

bool CropDecoder::DecodeRow(const uint8_t* data, size_t size, int mcu_row) {
  MakeJobs(data, size, mcu_row);
  const int num_units = jobs_.back().unit + 1;
  for (int unit = 0; unit < num_units; ++unit) {
    for (BlockGroup& group : rows_.unit(unit).luma) {
      ClearGroup(luma_size_, &group);
    }
    ClearGroup(chroma_size_, &rows_.unit(unit).chroma);
  }
  if (!rows_.Decode(jobs_)) {
    return false;
  }
  for (int unit = 0; unit < num_units; ++unit) {
    TransformUnit(mcu_row, unit);
  }
  return true;
}

bool CropDecoder::Decode(const uint8_t* data, size_t size, const CropPlan& plan, uint8_t* out,
                         int64_t out_stride) {
  single_.assign(1, {plan, out});
  return Decode(data, size, single_, out_stride);
}

bool CropDecoder::Decode(const uint8_t* data, size_t size, const std::vector<CropTarget>& targets,
                         int64_t out_stride) {
  const Stopwatch clock;
  if (!PrepareHeader(data, size) || !PrepareGeometry(targets) ||
      !FindSegments(data, size, header_.scan_begin, header_.NumSegments(), &begins_)) {
    return false;
  }
  const double scanned_s = clock.Seconds();
  for (int mcu_row = area_.top; mcu_row < area_.bottom; ++mcu_row) {
    if (!DecodeRow(data, size, mcu_row)) {
      return false;
    }
  }
  const double decoded_s = clock.Seconds();
  for (size_t i = 0; i < targets.size(); ++i) {
    resizer_.Resize(planes_, crops_[i].luma, crops_[i].chroma, targets[i].plan.size, targets[i].out,
                    out_stride);
  }
  phases_.scan_s += scanned_s;
  phases_.decode_s += decoded_s - scanned_s;
  phases_.resize_s += clock.Seconds() - decoded_s;
  return true;
}

}  // namespace reel3d::jpeg
