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
  CropResizer resizer;
  bool is_resizer_ready = false;  // for the plan of the current clip
  std::vector<uint8_t> row;       // can hold a frame's full width

  explicit State(Decoding decoding_in) : decoding(decoding_in) {}

  // These call libjpeg and return false on an error, which errors.message describes.
  bool Create();
  bool ReadHeader(const FrameJpeg& frame);
  bool ReadRows();

  FrameSize CheckHeader(const FrameJpeg& frame);
  void DecodeFrame(const FrameJpeg& frame, const CropPlan& plan, uint8_t* planes,
                   int64_t plane_stride);
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

bool FrameDecoder::State::ReadRows() {
  if (setjmp(errors.on_error) != 0) {
    return false;
  }
  jpeg.out_color_space = JCS_EXT_RGBX;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&jpeg);
  // Chroma is smoothed from neighbours, so pixels at the edge of a narrower window would differ.
  constexpr int kRim = 2;
  const int left = std::max(0, resizer.first_column() - kRim);
  const int right = std::min(static_cast<int>(jpeg.output_width), resizer.end_column() + kRim);
  auto decoded_left = static_cast<JDIMENSION>(left);
  auto decoded_width = static_cast<JDIMENSION>(right - left);
  jpeg_crop_scanline(&jpeg, &decoded_left, &decoded_width);
  const int skipped_columns = resizer.first_column() - static_cast<int>(decoded_left);
  jpeg_skip_scanlines(&jpeg, static_cast<JDIMENSION>(resizer.first_row()));
  for (int y = resizer.first_row(); y < resizer.end_row(); ++y) {
    JSAMPROW pixels = row.data() + kMisalignment;
    jpeg_read_scanlines(&jpeg, &pixels, 1);
    resizer.AddRow(y, pixels + static_cast<ptrdiff_t>(skipped_columns) * kBytesPerPixel);
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

void FrameDecoder::State::DecodeFrame(const FrameJpeg& frame, const CropPlan& plan, uint8_t* planes,
                                      int64_t plane_stride) {
  if (decoding == Decoding::kFast &&
      crop_decoder.Decode(frame.data, frame.size_bytes, plan, planes, plane_stride)) {
    return;
  }
  // The crop decoder does not support this frame, or the frame is damaged. libjpeg decides.
  if (!is_resizer_ready) {
    resizer.Prepare(plan);
    is_resizer_ready = true;
  }
  const FrameSize expected = plan.frame;
  const FrameSize size = CheckHeader(frame);
  if (size != expected) {
    throw InputError(fmt::format("frame {}: {}x{} pixels, but the clip began with {}x{}",
                                 frame.frame_index, size.width, size.height, expected.width,
                                 expected.height));
  }
  row.resize(static_cast<size_t>(size.width) * kBytesPerPixel + kMisalignment +
             CropResizer::kRowPadding);
  if (!ReadRows()) {
    throw Failure(frame);
  }
  resizer.Finish(planes, plane_stride);
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
  REEL3D_CHECK(!frames.empty());
  state_->is_resizer_ready = false;
  const int64_t frame_area = int64_t{plan.size} * plan.size;
  const int64_t plane_stride = clip_length * frame_area;
  const auto num_distinct = std::min(clip_length, static_cast<int>(frames.size()));
  for (int t = 0; t < num_distinct; ++t) {
    state_->DecodeFrame(frames[static_cast<size_t>(t)], plan, clip + t * frame_area, plane_stride);
  }
  for (int t = num_distinct; t < clip_length; ++t) {
    for (int color = 0; color < 3; ++color) {
      uint8_t* plane = clip + color * plane_stride;
      std::memcpy(plane + t * frame_area, plane + (t % num_distinct) * frame_area,
                  static_cast<size_t>(frame_area));
    }
  }
}

}  // namespace reel3d
