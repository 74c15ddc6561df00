// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/frame_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it first
#include <cstring>

#include <jpeglib.h>

#include "lib/base/error.h"
#include "lib/base/versions.h"
#include "lib/frames/crop_decoder.h"
#include "lib/frames/resize.h"

namespace reel3d {
namespace {

// This is the version compiled against, because libjpeg does not report which one is loaded.
const LinkedLibrary kJpeg("libjpeg-turbo",
                          fmt::format("{}.{}.{}", LIBJPEG_TURBO_VERSION_NUMBER / 1'000'000,
                                      LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000,
                                      LIBJPEG_TURBO_VERSION_NUMBER % 1000));

constexpr int kBytesPerPixel = 4;  // libjpeg-turbo's RGBX
// libjpeg-turbo writes rows that are aligned to a vector past the cache. Since each row is read at
// once, that would take half of the total time. This offset misaligns them.
constexpr int kMisalignment = kBytesPerPixel;

// The error handler of libjpeg. It jumps back into the function that called libjpeg, so these
// functions must hold nothing that needs a destructor.
struct JumpingErrors {
  jpeg_error_mgr manager;  // must be first: libjpeg knows only this part
  std::jmp_buf on_error;
  std::array<char, JMSG_LENGTH_MAX> message;
};

[[noreturn]] void JumpBack(j_common_ptr jpeg) {
  auto* errors = reinterpret_cast<JumpingErrors*>(jpeg->err);
  errors->manager.format_message(jpeg, errors->message.data());
  std::longjmp(errors->on_error, 1);
}

// A level below 0 is a warning: the data are damaged, and libjpeg would invent pixels.
void RefuseWarnings(j_common_ptr jpeg, int level) {
  if (level < 0) {
    JumpBack(jpeg);
  }
}

}  // namespace

struct FrameDecoder::State {
  const Decoding decoding;
  jpeg::CropDecoder crop_decoder;
  jpeg_decompress_struct jpeg = {};
  JumpingErrors errors = {};
  std::vector<jpeg::CropTarget> targets;  // crops of the current frame
  std::vector<CropResizer> resizers;      // of each crop
  bool are_resizers_ready = false;        // for the plans of the current clip
  std::vector<uint8_t> row;               // can hold a frame's full width

  explicit State(Decoding decoding_in) : decoding(decoding_in) {}

  // These call libjpeg and return false on an error, which errors.message describes.
  bool Create();
  bool ReadHeader(const FrameJpeg& frame);
  bool ReadRows(size_t first, size_t end);

  FrameSize CheckHeader(const FrameJpeg& frame);
  void PrepareResizers();
  void DecodeFrame(const FrameJpeg& frame, int64_t plane_stride);
  // Decodes the frame into the targets [first, end).
  void DecodeExactly(const FrameJpeg& frame, size_t first, size_t end, int64_t plane_stride);
  Error Failure(const FrameJpeg& frame) const {
    return InputError(fmt::format("frame {}: {}", frame.frame_index, errors.message.data()));
  }
};

bool FrameDecoder::State::Create() {
  jpeg.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = JumpBack;
  errors.manager.emit_message = RefuseWarnings;
  if (setjmp(errors.on_error) != 0) {
    return false;
  }
  jpeg_create_decompress(&jpeg);
  return true;
}

bool FrameDecoder::State::ReadHeader(const FrameJpeg& frame) {
  if (setjmp(errors.on_error) != 0) {
    return false;
  }
  jpeg_abort_decompress(&jpeg);  // clean up after an earlier frame
  jpeg_mem_src(&jpeg, frame.data, frame.size_bytes);
  jpeg_read_header(&jpeg, TRUE);
  return true;
}

bool FrameDecoder::State::ReadRows(size_t first, size_t end) {
  if (setjmp(errors.on_error) != 0) {
    return false;
  }
  jpeg.out_color_space = JCS_EXT_RGBX;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&jpeg);
  // Chroma is smoothed from neighbours, so pixels at the edge of a narrower window would differ.
  constexpr int kRim = 2;
  int left = static_cast<int>(jpeg.output_width);
  int right = 0;
  int top = static_cast<int>(jpeg.output_height);
  int bottom = 0;
  for (size_t i = first; i < end; ++i) {
    const CropResizer& resizer = resizers[i];
    left = std::min(left, std::max(0, resizer.first_column() - kRim));
    right =
        std::max(right, std::min(static_cast<int>(jpeg.output_width), resizer.end_column() + kRim));
    top = std::min(top, resizer.first_row());
    bottom = std::max(bottom, resizer.end_row());
  }
  auto decoded_left = static_cast<JDIMENSION>(left);
  auto decoded_width = static_cast<JDIMENSION>(right - left);
  jpeg_crop_scanline(&jpeg, &decoded_left, &decoded_width);
  jpeg_skip_scanlines(&jpeg, static_cast<JDIMENSION>(top));
  for (int y = top; y < bottom; ++y) {
    JSAMPROW pixels = row.data() + kMisalignment;
    jpeg_read_scanlines(&jpeg, &pixels, 1);
    for (size_t i = first; i < end; ++i) {
      CropResizer& resizer = resizers[i];
      if (y >= resizer.first_row() && y < resizer.end_row()) {
        const int skipped_columns = resizer.first_column() - static_cast<int>(decoded_left);
        resizer.AddRow(y, pixels + static_cast<ptrdiff_t>(skipped_columns) * kBytesPerPixel);
      }
    }
  }
  return true;
}

FrameSize FrameDecoder::State::CheckHeader(const FrameJpeg& frame) {
  if (!ReadHeader(frame)) {
    throw Failure(frame);
  }
  if (jpeg.progressive_mode != FALSE || jpeg.arith_code != FALSE) {
    throw InputError(fmt::format("frame {}: not a baseline JPEG", frame.frame_index));
  }
  if (jpeg.image_width > kMaxSide || jpeg.image_height > kMaxSide) {
    throw InputError(fmt::format("frame {}: {}x{} pixels; at most {} a side are read",
                                 frame.frame_index, jpeg.image_width, jpeg.image_height, kMaxSide));
  }
  return {static_cast<int>(jpeg.image_width), static_cast<int>(jpeg.image_height)};
}

void FrameDecoder::State::PrepareResizers() {
  if (!are_resizers_ready) {
    resizers.resize(targets.size());
    for (size_t i = 0; i < targets.size(); ++i) {
      resizers[i].Prepare(targets[i].plan);
    }
    are_resizers_ready = true;
  }
}

// Decodes the frame into all of `targets`.
void FrameDecoder::State::DecodeFrame(const FrameJpeg& frame, int64_t plane_stride) {
  const size_t num_targets = targets.size();
  if (decoding == Decoding::kExact) {
    DecodeExactly(frame, 0, num_targets, plane_stride);
    return;
  }
  if (crop_decoder.Decode(frame.data, frame.size_bytes, targets, plane_stride)) {
    return;
  }
  // The crop decoder does not support this frame, or one of the crops, or the frame is damaged.
  // Each crop gets the bytes that it has alone. libjpeg decides whether the frame is damaged.
  for (size_t i = 0; i < num_targets; ++i) {
    const jpeg::CropTarget& target = targets[i];
    if (num_targets == 1 ||
        !crop_decoder.Decode(frame.data, frame.size_bytes, target.plan, target.out, plane_stride)) {
      DecodeExactly(frame, i, i + 1, plane_stride);
    }
  }
}

void FrameDecoder::State::DecodeExactly(const FrameJpeg& frame, size_t first, size_t end,
                                        int64_t plane_stride) {
  PrepareResizers();
  const FrameSize expected = targets.front().plan.frame;
  const FrameSize size = CheckHeader(frame);
  if (size != expected) {
    throw InputError(fmt::format("frame {}: {}x{} pixels, but the clip began with {}x{}",
                                 frame.frame_index, size.width, size.height, expected.width,
                                 expected.height));
  }
  row.resize(static_cast<size_t>(size.width) * kBytesPerPixel + kMisalignment +
             CropResizer::kRowPadding);
  if (!ReadRows(first, end)) {
    throw Failure(frame);
  }
  for (size_t i = first; i < end; ++i) {
    resizers[i].Finish(targets[i].out, plane_stride);
  }
}

FrameDecoder::FrameDecoder(Decoding decoding) : state_(std::make_unique<State>(decoding)) {
  if (!state_->Create()) {
    throw EnvironmentError(
        fmt::format("the JPEG library does not start: {}", state_->errors.message.data()));
  }
}

FrameDecoder::~FrameDecoder() { jpeg_destroy_decompress(&state_->jpeg); }

FrameSize FrameDecoder::ReadSize(const FrameJpeg& frame) { return state_->CheckHeader(frame); }

void FrameDecoder::DecodeClip(const std::vector<FrameJpeg>& frames, int clip_length,
                              const CropPlan& plan, uint8_t* clip) {
  DecodeCrops(frames, clip_length, {plan}, {clip});
}

void FrameDecoder::DecodeCrops(const std::vector<FrameJpeg>& frames, int clip_length,
                               const std::vector<CropPlan>& plans,
                               const std::vector<uint8_t*>& clips) {
  REEL3D_CHECK(!frames.empty() && !plans.empty() && plans.size() == clips.size());
  state_->are_resizers_ready = false;
  state_->targets.resize(plans.size());
  const int64_t frame_area = int64_t{plans.front().size} * plans.front().size;
  const int64_t plane_stride = clip_length * frame_area;
  for (size_t i = 0; i < plans.size(); ++i) {
    REEL3D_CHECK(plans[i].frame == plans.front().frame && plans[i].size == plans.front().size);
    state_->targets[i].plan = plans[i];
  }
  const auto num_distinct = std::min(clip_length, static_cast<int>(frames.size()));
  for (int t = 0; t < num_distinct; ++t) {
    for (size_t i = 0; i < clips.size(); ++i) {
      state_->targets[i].out = clips[i] + t * frame_area;
    }
    state_->DecodeFrame(frames[static_cast<size_t>(t)], plane_stride);
  }
  for (int t = num_distinct; t < clip_length; ++t) {
    for (uint8_t* const clip : clips) {
      for (int color = 0; color < 3; ++color) {
        uint8_t* plane = clip + color * plane_stride;
        std::memcpy(plane + t * frame_area, plane + (t % num_distinct) * frame_area,
                    static_cast<size_t>(frame_area));
      }
    }
  }
}

}  // namespace reel3d
