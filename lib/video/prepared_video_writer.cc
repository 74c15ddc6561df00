// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/error.h"
#include "lib/video/ffmpeg_handle.h"
#include "lib/video/prepared_video.h"

namespace reel3d {

struct PreparedVideoWriter::State {
  std::string what;
  ffmpeg::Handle<AVIOContext> io;
  ffmpeg::Handle<AVFormatContext> format;
  ffmpeg::Handle<AVPacket> packet{ffmpeg::CheckMemory(av_packet_alloc())};
  AVStream* stream = nullptr;
  int64_t last_time = -1;  // in the stream's units
};

PreparedVideoWriter::PreparedVideoWriter(const std::filesystem::path& file,
                                         const PreparedVideoInfo& info)
    : state_(std::make_unique<State>()) {
  ffmpeg::Init();
  State& state = *state_;
  state.what = "cannot write " + file.string();
  AVFormatContext* format = nullptr;
  ffmpeg::CheckWrite(avformat_alloc_output_context2(&format, nullptr, "matroska", nullptr),
                     state.what);
  state.format.reset(format);
  // The file gets no random identifiers or dates.
  format->flags |= AVFMT_FLAG_BITEXACT;
  if (!info.made_from.empty()) {
    ffmpeg::CheckWrite(av_dict_set(&format->metadata, kMadeFromTag, info.made_from.c_str(), 0),
                       state.what);
  }
  state.stream = ffmpeg::CheckMemory(avformat_new_stream(format, nullptr));
  state.stream->time_base = {1, 1000};
  state.stream->avg_frame_rate = {info.fps_num, info.fps_den};
  state.stream->sample_aspect_ratio = {1, 1};
  AVCodecParameters* codec = state.stream->codecpar;
  codec->codec_type = AVMEDIA_TYPE_VIDEO;
  codec->codec_id = AV_CODEC_ID_MJPEG;
  codec->format = AV_PIX_FMT_YUVJ420P;
  codec->width = info.width;
  codec->height = info.height;
  codec->color_range = AVCOL_RANGE_JPEG;
  codec->color_space = AVCOL_SPC_BT470BG;  // BT.601
  state.io = ffmpeg::OpenForWriting(file, state.what);
  format->pb = state.io.get();
  ffmpeg::CheckWrite(avformat_write_header(format, nullptr), state.what);
}

PreparedVideoWriter::~PreparedVideoWriter() = default;

void PreparedVideoWriter::Write(const std::vector<uint8_t>& jpeg, double time_s) {
  State& state = *state_;
  const AVRational unit = state.stream->time_base;
  // Sources repeat or swap times, and rounding may make two equal; Matroska wants them to increase.
  constexpr double kLatest_s = 1e8;
  const int64_t asked = std::llround(std::clamp(time_s, 0., kLatest_s) / av_q2d(unit));
  const int64_t time = std::max(state.last_time + 1, asked);
  state.last_time = time;
  AVPacket* packet = state.packet.get();
  packet->data = const_cast<uint8_t*>(jpeg.data());  // only read
  packet->size = static_cast<int>(jpeg.size());
  packet->pts = packet->dts = time;
  packet->flags = AV_PKT_FLAG_KEY;
  const AVRational rate = state.stream->avg_frame_rate;
  packet->duration = rate.num > 0 ? av_rescale_q(1, av_inv_q(rate), unit) : 0;
  const int code = av_write_frame(state.format.get(), packet);
  packet->data = nullptr;
  packet->size = 0;
  ffmpeg::CheckWrite(code, state.what);
  ffmpeg::CheckWrite(state.io->error, state.what);
}

void PreparedVideoWriter::Finish() {
  State& state = *state_;
  ffmpeg::CheckWrite(av_write_trailer(state.format.get()), state.what);
  AVIOContext* io = state.io.release();
  ffmpeg::CheckWrite(avio_closep(&io), state.what);
}

}  // namespace reel3d
