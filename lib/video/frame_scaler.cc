// SPDX-License-Identifier: Apache-2.0
#include "lib/video/frame_scaler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "lib/base/error.h"
#include "lib/video/color_pass.h"
#include "lib/video/ffmpeg_handle.h"

namespace reel3d {
namespace {

// Scaling is bit-exact, so that every node of a cluster writes the same bytes. SWS_AREA takes the
// mean of the area that each smaller pixel covers. It does not alias, and takes a third of
// bicubic's time at 1080p.
int ScalerFlags(bool shrinks) {
  return (shrinks ? SWS_AREA : SWS_BICUBIC) | SWS_BITEXACT | SWS_ACCURATE_RND;
}

// The formats with J in their names are full range by definition.
std::optional<AVPixelFormat> WithoutRange(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ411P:
      return AV_PIX_FMT_YUV411P;
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    default:
      return std::nullopt;
  }
}

bool IsRgb(AVPixelFormat format) {
  const uint64_t flags = av_pix_fmt_desc_get(format)->flags;
  return (flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

bool IsFullRange(const AVFrame& frame) {
  const AVPixelFormat format = ffmpeg::PixelFormat(frame);
  if (frame.color_range != AVCOL_RANGE_UNSPECIFIED) {
    return frame.color_range == AVCOL_RANGE_JPEG;
  }
  return WithoutRange(format).has_value() || av_pix_fmt_desc_get(format)->nb_components < 3;
}

// Some encoders copy a matrix flag from their source that cannot be true: RGB for a YCbCr picture,
// or YCgCo for a picture with subsampled chroma. YCgCo is exact at full resolution only.
bool CannotBeTrue(const AVFrame& frame) {
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(ffmpeg::PixelFormat(frame));
  const bool subsampled =
      format.nb_components < 3 || format.log2_chroma_w != 0 || format.log2_chroma_h != 0;
  return frame.colorspace == AVCOL_SPC_RGB || (frame.colorspace == AVCOL_SPC_YCGCO && subsampled);
}

// The weights are those of ITU-T H.273 table 4. If a picture states no matrix, BT.709 is assumed
// above standard definition, as players do.
ColorCoding CodingOf(const AVFrame& frame) {
  const bool full = IsFullRange(frame);
  const ColorCoding bt601{full, 0.299, 0.114};
  const ColorCoding bt709{full, 0.2126, 0.0722};
  switch (CannotBeTrue(frame) ? AVCOL_SPC_UNSPECIFIED : frame.colorspace) {
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return bt601;
    case AVCOL_SPC_BT709:
      return bt709;
    case AVCOL_SPC_FCC:
      return {full, 0.30, 0.11};
    case AVCOL_SPC_SMPTE240M:
      return {full, 0.212, 0.087};
    case AVCOL_SPC_BT2020_NCL:
      return {full, 0.2627, 0.0593};
    case AVCOL_SPC_UNSPECIFIED:
    case AVCOL_SPC_RESERVED:
      return frame.width >= 1280 || frame.height > 576 ? bt709 : bt601;
    default:
      throw InputError(fmt::format("colour space {} is not supported: convert the video to bt709",
                                   av_color_space_name(frame.colorspace)));
  }
}

void RefuseHighDynamicRange(const AVFrame& frame) {
  if (frame.color_trc == AVCOL_TRC_SMPTE2084 || frame.color_trc == AVCOL_TRC_ARIB_STD_B67) {
    throw InputError(fmt::format(
        "high dynamic range video (transfer {}) is not supported: tone-map it to bt709 first",
        av_color_transfer_name(frame.color_trc)));
  }
}

int NearestEven(double length) {
  if (!(length < VideoDecoder::kMaxSide + 1 && length > 0.5)) {
    throw InputError(
        fmt::format("the shape as shown is too extreme: one side would get {:.4g} "
                    "pixels",
                    length));
  }
  return std::max(2, 2 * static_cast<int>(std::lround(length / 2)));
}

// Transposes one plane if asked, then mirrors it.
void TurnPlane(const YuvImage& from, const Orientation& orientation, int plane, YuvImage* to) {
  const int width = to->width(plane);
  const int height = to->height(plane);
  for (int y = 0; y < height; ++y) {
    const int across = orientation.flip_y ? height - 1 - y : y;
    uint8_t* out = to->row(plane, y);
    if (orientation.transpose) {
      for (int x = 0; x < width; ++x) {
        out[x] = from.row(plane, orientation.flip_x ? width - 1 - x : x)[across];
      }
    } else {
      const uint8_t* in = from.row(plane, across);
      if (orientation.flip_x) {
        std::reverse_copy(in, in + width, out);
      } else {
        std::copy_n(in, width, out);
      }
    }
  }
}

// The lines of a frame that are shown: all lines, or those of one field.
struct Lines {
  std::array<const uint8_t*, 4> planes{};
  std::array<int, 4> strides{};
  int count = 0;
};

Lines LinesOf(const AVFrame& frame, Interlaced interlaced) {
  Lines lines;
  std::copy_n(frame.data, lines.planes.size(), lines.planes.begin());
  std::copy_n(frame.linesize, lines.strides.size(), lines.strides.begin());
  lines.count = frame.height;
  // Two lines of luma share one of chroma, so a field's lines come in pairs. An odd line at the
  // bottom is not shown.
  const int field_lines = frame.height / 4 * 2;
  const AVPixelFormat format = ffmpeg::PixelFormat(frame);
  if (interlaced == Interlaced::kField && frame.interlaced_frame != 0 && field_lines > 0 &&
      !IsRgb(format) && av_pix_fmt_desc_get(format)->log2_chroma_h <= 1) {
    for (size_t plane = 0; plane < lines.planes.size(); ++plane) {
      if (lines.planes[plane] != nullptr && frame.top_field_first == 0) {
        lines.planes[plane] += lines.strides[plane];
      }
      lines.strides[plane] *= 2;
    }
    lines.count = field_lines;
  }
  return lines;
}

}  // namespace

ImageSize SizeForHeight(double aspect, int height) {
  return {NearestEven(height * aspect), height};
}

ImageSize SizeForShortSide(double aspect, int short_side) {
  return aspect >= 1 ? SizeForHeight(aspect, short_side)
                     : ImageSize{short_side, NearestEven(short_side / aspect)};
}

struct FrameScaler::State {
  State(const ImageSize& size, Interlaced shown_of_interlaced)
      : interlaced(shown_of_interlaced), shown(size.width, size.height) {}
  void Prepare(const AVFrame& frame, int lines, bool transpose);
  void Resize(const AVFrame& frame, const Lines& lines, YuvImage* image);

  const Interlaced interlaced;
  YuvImage shown;
  YuvImage stored;  // the picture before it is turned
  ffmpeg::Handle<SwsContext> scaler;
  // The scaler was made for these values.
  int width = 0, num_lines = 0;
  int format = AV_PIX_FMT_NONE;
  bool transposed = false;
  std::string note;
};

// A file may change its pictures' size or format anywhere.
void FrameScaler::State::Prepare(const AVFrame& frame, int lines, bool transpose) {
  if (scaler && frame.width == width && lines == num_lines && frame.format == format &&
      transpose == transposed) {
    return;
  }
  const AVPixelFormat source = ffmpeg::PixelFormat(frame);
  const int out_width = transpose ? shown.height() : shown.width();
  const int out_height = transpose ? shown.width() : shown.height();
  if (stored.width() != out_width || stored.height() != out_height) {
    stored = YuvImage(out_width, out_height);
  }
  const bool shrinks = out_width <= frame.width && out_height <= lines;
  scaler.reset(sws_getContext(frame.width, lines, WithoutRange(source).value_or(source), out_width,
                              out_height, AV_PIX_FMT_YUV420P, ScalerFlags(shrinks), nullptr,
                              nullptr, nullptr));
  if (!scaler) {
    throw InputError(ffmpeg::Describe(AVERROR(EINVAL), "cannot scale these frames"));
  }
  // Both ranges are equal, so YCbCr is only resized, and RGB becomes JPEG's YCbCr.
  const int full = IsRgb(source) ? 1 : 0;
  const int* bt601 = sws_getCoefficients(SWS_CS_ITU601);
  sws_setColorspaceDetails(scaler.get(), bt601, full, bt601, full, 0, 1 << 16, 1 << 16);
  width = frame.width;
  num_lines = lines;
  format = frame.format;
  transposed = transpose;
}

void FrameScaler::State::Resize(const AVFrame& frame, const Lines& lines, YuvImage* image) {
  const std::array<uint8_t*, 4> planes{image->row(0, 0), image->row(1, 0), image->row(2, 0)};
  const std::array<int, 4> strides{image->stride(0), image->stride(1), image->stride(2)};
  ffmpeg::Check(sws_scale(scaler.get(), lines.planes.data(), lines.strides.data(), 0, lines.count,
                          planes.data(), strides.data()),
                "cannot scale a frame");
  if (!IsRgb(ffmpeg::PixelFormat(frame))) {
    if (note.empty() && CannotBeTrue(frame)) {
      note = fmt::format("its matrix flag {} cannot be true of {} pictures: taken as unsaid",
                         av_color_space_name(frame.colorspace),
                         av_get_pix_fmt_name(ffmpeg::PixelFormat(frame)));
    }
    ColorPass(CodingOf(frame)).Apply(image);
  }
}

FrameScaler::FrameScaler(const ImageSize& size, Interlaced interlaced)
    : state_(std::make_unique<State>(size, interlaced)) {}
FrameScaler::~FrameScaler() = default;

const std::string& FrameScaler::note() const { return state_->note; }

const YuvImage& FrameScaler::Scale(const VideoFrame& frame) {
  const AVFrame& decoded = *frame.get();
  const Orientation& orientation = frame.orientation;
  RefuseHighDynamicRange(decoded);
  const Lines lines = LinesOf(decoded, state_->interlaced);
  state_->Prepare(decoded, lines.count, orientation.transpose);
  const bool turned = orientation.transpose || orientation.flip_x || orientation.flip_y;
  state_->Resize(decoded, lines, turned ? &state_->stored : &state_->shown);
  for (int plane = 0; turned && plane < YuvImage::kPlanes; ++plane) {
    TurnPlane(state_->stored, orientation, plane, &state_->shown);
  }
  state_->shown.PadRight();
  return state_->shown;
}

}  // namespace reel3d
