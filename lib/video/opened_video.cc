// SPDX-License-Identifier: Apache-2.0
#include "lib/video/opened_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// FFmpeg's names.
constexpr std::string_view kMov = "mov,mp4,m4a,3gp,3g2,mj2";
constexpr std::string_view kMatroska = "matroska,webm";
constexpr std::string_view kAvi = "avi";
// Playlists (hls, concat, dash, image sequences) are left out: they make the reader open other
// files.
constexpr std::array<std::string_view, 18> kContainers{
    kMov,        kMatroska, kAvi,   "mpegts", "mpeg", "flv", "asf", "gif", "ogg",
    "mpegvideo", "m4v",     "h264", "hevc",   "ivf",  "rm",  "dv",  "nut", "yuv4mpegpipe"};

constexpr int64_t kMaxPixels = int64_t{VideoDecoder::kMaxSide} * VideoDecoder::kMaxSide;

// The display matrix maps stored (x, y) to shown (a x + c y, b x + d y); angles between quarter
// turns become the nearest.
Orientation StreamOrientation(const AVStream& stream) {
  size_t size_bytes = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size_bytes);
  std::array<int32_t, 9> matrix{};
  if (data == nullptr || size_bytes < sizeof(matrix)) {
    return {};
  }
  std::copy_n(data, sizeof(matrix), reinterpret_cast<uint8_t*>(matrix.data()));
  const int64_t a = matrix[0];
  const int64_t b = matrix[1];
  const int64_t c = matrix[3];
  const int64_t d = matrix[4];
  if (std::abs(b) + std::abs(c) > std::abs(a) + std::abs(d)) {
    return {true, c < 0, b < 0};
  }
  return {false, a < 0, d < 0};
}

}  // namespace

OpenedVideo::OpenedVideo(const fs::path& file) : what("cannot decode " + file.string()) {
  ffmpeg::Init();
  OpenContainer(file);
  ChooseStream();
  OpenCodec();
  Describe();
  // Complaints up to here were about other streams.
  ffmpeg::TakeLog();
}

void OpenedVideo::OpenContainer(const fs::path& file) {
  RequireFile(file, "a video");
  if (fs::file_size(file) == 0) {
    throw InputError(what + ": the file is empty");
  }
  const std::string url = ffmpeg::FileUrl(file);
  ffmpeg::Dictionary options;
  ffmpeg::Check(av_dict_set(options.address(), "protocol_whitelist", "file", 0), what);
  AVIOContext* opened_io = nullptr;
  ffmpeg::Check(avio_open2(&opened_io, url.c_str(), AVIO_FLAG_READ, nullptr, options.address()),
                what);
  io.reset(opened_io);
  const AVInputFormat* container = nullptr;
  // By its content alone: the name proves nothing.
  if (av_probe_input_buffer2(io.get(), &container, "", nullptr, 0, 0) < 0) {
    throw InputError(what + ": its content is of no known video format");
  }
  if (std::find(kContainers.begin(), kContainers.end(), container->name) == kContainers.end()) {
    throw InputError(fmt::format("{}: its content ({}) is no video container that reel3d reads",
                                 what, container->name));
  }
  AVFormatContext* context = ffmpeg::CheckMemory(avformat_alloc_context());
  context->pb = io.get();
  // Frees its context when it fails.
  ffmpeg::Check(avformat_open_input(&context, url.c_str(), container, options.address()),
                fmt::format("{}, a {} file", what, container->name));
  format.reset(context);
}

// Decodes first frames where headers say too little; no picture that would be refused.
void OpenedVideo::ProbeStreams() {
  std::vector<ffmpeg::Dictionary> options(format->nb_streams);
  std::vector<AVDictionary*> pointers;
  for (ffmpeg::Dictionary& one : options) {
    ffmpeg::Check(av_dict_set_int(one.address(), "max_pixels", kMaxPixels, 0), what);
    pointers.push_back(*one.address());
  }
  const int code = avformat_find_stream_info(format.get(), pointers.data());
  for (size_t i = 0; i < options.size(); ++i) {
    *options[i].address() = pointers[i];  // FFmpeg has taken what it understood
  }
  ffmpeg::Check(code, what);
}

void OpenedVideo::ChooseStream() {
  ProbeStreams();
  const int index = av_find_best_stream(format.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0 || (format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
    throw InputError(
        fmt::format("{}: the {} file has no video stream", what, format->iformat->name));
  }
  if (format->streams[index]->nb_frames > VideoDecoder::kMaxFrames) {
    throw InputError(fmt::format("{}: it claims {} frames; at most {} are read", what,
                                 format->streams[index]->nb_frames, VideoDecoder::kMaxFrames));
  }
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    format->streams[i]->discard = static_cast<int>(i) == index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
  stream = format->streams[index];
  orientation = StreamOrientation(*stream);
}

void OpenedVideo::OpenCodec() {
  const AVCodecParameters& parameters = *stream->codecpar;
  const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
  if (decoder == nullptr) {
    throw InputError(fmt::format("{}: this FFmpeg has no decoder for {}", what,
                                 avcodec_get_name(parameters.codec_id)));
  }
  constexpr int kMaxSide = VideoDecoder::kMaxSide;
  if (parameters.width > kMaxSide || parameters.height > kMaxSide) {
    throw InputError(fmt::format("{}: {}x{} pixels; at most {} a side are read", what,
                                 parameters.width, parameters.height, kMaxSide));
  }
  codec.reset(ffmpeg::CheckMemory(avcodec_alloc_context3(decoder)));
  ffmpeg::Check(avcodec_parameters_to_context(codec.get(), &parameters), what);
  codec->thread_count = 1;
  // Pictures may grow in mid-stream.
  codec->max_pixels = kMaxPixels;
  codec->pkt_timebase = stream->time_base;
  ffmpeg::Check(avcodec_open2(codec.get(), decoder, nullptr), what);
}

void OpenedVideo::Describe() {
  const AVRational rate = stream->avg_frame_rate.num > 0 ? stream->avg_frame_rate
                          : stream->r_frame_rate.num > 0 ? stream->r_frame_rate
                                                         : AVRational{0, 1};
  info = {format->iformat->name,    codec->codec->name, stream->codecpar->width,
          stream->codecpar->height, rate.num,           rate.den,
          PromisedFrames()};
  if (format->start_time != AV_NOPTS_VALUE) {
    origin_s = av_q2d({1, AV_TIME_BASE}) * static_cast<double>(format->start_time);
  } else if (stream->start_time != AV_NOPTS_VALUE) {
    origin_s = Seconds(stream->start_time);
  }
}

bool OpenedVideo::Seek(double time_s) {
  const double target = (time_s + origin_s) / av_q2d(stream->time_base);
  if ((info.container != kMov && info.container != kMatroska) || !(target < 9e18)) {
    return false;
  }
  return av_seek_frame(format.get(), stream->index, static_cast<int64_t>(target),
                       AVSEEK_FLAG_BACKWARD) >= 0;
}

double OpenedVideo::Seconds(int64_t stream_time) const {
  return static_cast<double>(stream_time) * av_q2d(stream->time_base) - origin_s;
}

// With edit lists, mov's index holds what is to be shown and nb_frames what is stored. AVI counts
// ticks, of which some may hold no frame.
int64_t OpenedVideo::PromisedFrames() const {
  if (format->iformat->name == kMov) {
    return avformat_index_get_entries_count(stream);
  }
  return format->iformat->name == kAvi ? 0 : std::max<int64_t>(0, stream->nb_frames);
}

double OpenedVideo::PromisedEnd(bool damaged) const {
  if (info.container == kMov && PromisedFrames() > 0) {
    const int last = static_cast<int>(PromisedFrames()) - 1;
    return Seconds(avformat_index_get_entry(stream, last)->timestamp) + info.FrameStep();
  }
  if (info.container == kAvi) {
    return Seconds(stream->nb_frames);
  }
  const bool said = format->duration_estimation_method == AVFMT_DURATION_FROM_STREAM;
  return damaged && said ? static_cast<double>(format->duration) / AV_TIME_BASE : 0;
}

}  // namespace reel3d
