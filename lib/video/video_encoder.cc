// SPDX-License-Identifier: Apache-2.0
#include "lib/video/video_encoder.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "lib/base/error.h"
#include "lib/video/ffmpeg_handle.h"

namespace reel3d {
namespace {

// Finds a value of one of FFmpeg's enumerations by its name.
template <class Enum>
Enum FromName(int (*find)(const char*), const std::string& name, Enum if_empty) {
  if (name.empty()) {
    return if_empty;
  }
  const int value = find(name.c_str());
  if (value < 0) {
    throw UsageError(fmt::format("FFmpeg does not know '{}'", name));
  }
  return static_cast<Enum>(value);
}

}  // namespace

struct VideoEncoder::State {
  State(const std::filesystem::path& file, const VideoEncoderOptions& options);
  void OpenCodec(const VideoEncoderOptions& options);
  void OpenFile(const std::filesystem::path& file, const VideoEncoderOptions& options);
  void Drain();

  const std::string what;
  ffmpeg::Handle<AVIOContext> io;
  ffmpeg::Handle<AVFormatContext> format;
  ffmpeg::Handle<AVCodecContext> codec;
  ffmpeg::Handle<AVPacket> packet{ffmpeg::CheckMemory(av_packet_alloc())};
  ffmpeg::Handle<AVFrame> frame{ffmpeg::CheckMemory(av_frame_alloc())};
  AVStream* stream = nullptr;
  int units_per_frame = 1;
  int64_t next_time = 0;  // in the codec's units
};

VideoEncoder::State::State(const std::filesystem::path& file, const VideoEncoderOptions& options)
    : what("cannot write " + file.string()) {
  ffmpeg::Init();
  AVFormatContext* context = nullptr;
  const char* container = options.container.empty() ? nullptr : options.container.c_str();
  if (avformat_alloc_output_context2(&context, nullptr, container, file.c_str()) < 0) {
    throw UsageError(what + ": FFmpeg knows no such kind of video file");
  }
  format.reset(context);
  OpenCodec(options);
  OpenFile(file, options);
  frame->width = codec->width;
  frame->height = codec->height;
  frame->format = codec->pix_fmt;
  ffmpeg::CheckWrite(av_frame_get_buffer(frame.get(), 0), what);
}

void VideoEncoder::State::OpenCodec(const VideoEncoderOptions& options) {
  const AVCodec* encoder = avcodec_find_encoder_by_name(options.codec.c_str());
  if (encoder == nullptr) {
    throw UsageError(fmt::format("this FFmpeg has no encoder '{}'", options.codec));
  }
  codec.reset(ffmpeg::CheckMemory(avcodec_alloc_context3(encoder)));
  codec->width = options.width;
  codec->height = options.height;
  units_per_frame = options.variable_rate ? 1000 : 1;
  codec->time_base = {options.fps_den, options.fps_num * units_per_frame};
  codec->framerate = {options.fps_num, options.fps_den};
  codec->sample_aspect_ratio = {options.pixel_aspect_num, options.pixel_aspect_den};
  codec->pix_fmt = FromName([](const char* name) -> int { return av_get_pix_fmt(name); },
                            options.pixel_format, AV_PIX_FMT_YUV420P);
  codec->color_range =
      FromName(av_color_range_from_name, options.color_range, AVCOL_RANGE_UNSPECIFIED);
  codec->colorspace =
      FromName(av_color_space_from_name, options.color_space, AVCOL_SPC_UNSPECIFIED);
  codec->color_trc =
      FromName(av_color_transfer_from_name, options.color_transfer, AVCOL_TRC_UNSPECIFIED);
  codec->thread_count = 1;
  codec->flags |= AV_CODEC_FLAG_BITEXACT;
  if ((format->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  }
  ffmpeg::Dictionary settings;
  ffmpeg::CheckWrite(
      av_dict_parse_string(settings.address(), options.codec_options.c_str(), "=", ":", 0), what);
  ffmpeg::CheckWrite(avcodec_open2(codec.get(), encoder, settings.address()), what);
  if (av_dict_count(*settings.address()) > 0) {
    throw UsageError(
        fmt::format("{} does not know all of '{}'", options.codec, options.codec_options));
  }
}

void VideoEncoder::State::OpenFile(const std::filesystem::path& file,
                                   const VideoEncoderOptions& options) {
  format->flags |= AVFMT_FLAG_BITEXACT;
  stream = ffmpeg::CheckMemory(avformat_new_stream(format.get(), nullptr));
  stream->time_base = codec->time_base;
  stream->avg_frame_rate = codec->framerate;
  stream->sample_aspect_ratio = codec->sample_aspect_ratio;
  ffmpeg::CheckWrite(avcodec_parameters_from_context(stream->codecpar, codec.get()), what);
  if (options.rotation_degrees != 0) {
    auto* matrix = reinterpret_cast<int32_t*>(ffmpeg::CheckMemory(
        av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t))));
    av_display_rotation_set(matrix, options.rotation_degrees);
  }
  io = ffmpeg::OpenForWriting(file, what);
  format->pb = io.get();
  ffmpeg::Dictionary settings;
  ffmpeg::CheckWrite(
      av_dict_parse_string(settings.address(), options.container_options.c_str(), "=", ":", 0),
      what);
  ffmpeg::CheckWrite(avformat_write_header(format.get(), settings.address()), what);
}

// Writes the packets that the encoder has ready.
void VideoEncoder::State::Drain() {
  while (true) {
    const int code = avcodec_receive_packet(codec.get(), packet.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) {
      return;
    }
    ffmpeg::CheckWrite(code, what);
    av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
    packet->stream_index = stream->index;
    ffmpeg::CheckWrite(av_interleaved_write_frame(format.get(), packet.get()), what);
    ffmpeg::CheckWrite(io->error, what);
  }
}

VideoEncoder::VideoEncoder(const std::filesystem::path& file, const VideoEncoderOptions& options)
    : state_(std::make_unique<State>(file, options)) {}
VideoEncoder::~VideoEncoder() = default;

size_t VideoEncoder::frame_size_bytes() const {
  const AVCodecContext& codec = *state_->codec;
  return ffmpeg::CheckWrite(av_image_get_buffer_size(codec.pix_fmt, codec.width, codec.height, 1),
                            state_->what);
}

void VideoEncoder::Write(const std::vector<uint8_t>& pixels, double time_s) {
  REEL3D_CHECK(pixels.size() == frame_size_bytes());
  State& state = *state_;
  AVFrame* frame = state.frame.get();
  ffmpeg::CheckWrite(av_frame_make_writable(frame), state.what);
  std::array<uint8_t*, 4> planes{};
  std::array<int, 4> strides{};
  ffmpeg::CheckWrite(av_image_fill_arrays(planes.data(), strides.data(), pixels.data(),
                                          state.codec->pix_fmt, frame->width, frame->height, 1),
                     state.what);
  av_image_copy(frame->data, frame->linesize, const_cast<const uint8_t**>(planes.data()),
                strides.data(), state.codec->pix_fmt, frame->width, frame->height);
  if (time_s >= 0) {
    state.next_time = std::llround(time_s / av_q2d(state.codec->time_base));
  }
  frame->pts = state.next_time;
  state.next_time += state.units_per_frame;
  ffmpeg::CheckWrite(avcodec_send_frame(state.codec.get(), frame), state.what);
  state.Drain();
}

void VideoEncoder::Finish() {
  State& state = *state_;
  ffmpeg::CheckWrite(avcodec_send_frame(state.codec.get(), nullptr), state.what);
  state.Drain();
  ffmpeg::CheckWrite(av_write_trailer(state.format.get()), state.what);
  AVIOContext* io = state.io.release();
  ffmpeg::CheckWrite(avio_closep(&io), state.what);
}

}  // namespace reel3d
