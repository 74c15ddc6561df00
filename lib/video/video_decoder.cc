// SPDX-License-Identifier: Apache-2.0
#include "lib/video/video_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/video/ffmpeg_handle.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Demuxers by FFmpeg's names. Playlists (hls, concat, dash, image sequences) are left out: they
// make the reader open other files.
constexpr std::array<std::string_view, 18> kContainers{"mov,mp4,m4a,3gp,3g2,mj2",
                                                       "matroska,webm",
                                                       "avi",
                                                       "mpegts",
                                                       "mpeg",
                                                       "flv",
                                                       "asf",
                                                       "gif",
                                                       "ogg",
                                                       "mpegvideo",
                                                       "m4v",
                                                       "h264",
                                                       "hevc",
                                                       "ivf",
                                                       "rm",
                                                       "dv",
                                                       "nut",
                                                       "yuv4mpegpipe"};
// Containers whose seeking is exact, by an index that stands in the file.
constexpr std::array<std::string_view, 2> kSeekable{"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"};
// Below this, decoding from the start costs less than it could go wrong.
constexpr double kSeekFrom_s = 4;
// Times in files are rounded to their own units.
constexpr double kSlack_s = 1e-6;

template <size_t size>
bool Contains(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The display matrix maps stored (x, y) to shown (a x + c y, b x + d y); angles between quarter
// turns become the nearest.
Orientation StreamOrientation(const AVStream& stream) {
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  if (data == nullptr) {
    return {};
  }
  std::array<int32_t, 9> matrix{};
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

double Seconds(int64_t time, AVRational unit) { return static_cast<double>(time) * av_q2d(unit); }

}  // namespace

VideoFrame::VideoFrame() : frame_(ffmpeg::CheckMemory(av_frame_alloc())) {}
VideoFrame::~VideoFrame() = default;
void VideoFrame::Free::operator()(AVFrame* frame) const { av_frame_free(&frame); }

struct VideoDecoder::State {
  State(const fs::path& path, const VideoPart& wanted, bool may_seek);
  void OpenContainer();
  void ChooseStream();
  void OpenCodec();
  void Describe();
  void SeekToBegin();
  bool Decode(AVFrame* frame);
  void Feed();
  double FrameTime(const AVFrame& frame) const;
  bool SoughtTooFar(bool decoded, double time_s) const;
  void Present(VideoFrame* frame, double time_s);
  void Finish(bool at_end_of_file);
  int64_t PromisedFrames() const;
  [[noreturn]] void FailEmpty();
  void Note(const std::string& problem);

  const fs::path file;
  const std::string what;  // begins every message
  const VideoPart part;
  ffmpeg::Handle<AVIOContext> io;  // outlives format
  ffmpeg::Handle<AVFormatContext> format;
  ffmpeg::Handle<AVCodecContext> codec;
  ffmpeg::Handle<AVPacket> packet{ffmpeg::CheckMemory(av_packet_alloc())};
  AVStream* stream = nullptr;
  Orientation orientation;
  double origin_s = 0;
  double last_time_s = 0;
  bool sought = false;
  bool any_frame = false;  // decoded, whether in the part or not
  bool cut_short = false;  // the demuxer ended in an error
  bool flushing = false;
  bool finished = false;
  VideoInfo info;
  DecodeSummary summary;
};

VideoDecoder::State::State(const fs::path& path, const VideoPart& wanted, bool may_seek)
    : file(path), what("cannot decode " + path.string()), part(wanted) {
  ffmpeg::Init();
  OpenContainer();
  ChooseStream();
  OpenCodec();
  Describe();
  if (may_seek) {
    SeekToBegin();
  }
}

void VideoDecoder::State::OpenContainer() {
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
  if (!Contains(kContainers, container->name)) {
    throw InputError(fmt::format("{}: its content ({}) is no video container that reel3d reads",
                                 what, container->name));
  }
  format.reset(ffmpeg::CheckMemory(avformat_alloc_context()));
  format->pb = io.get();
  ffmpeg::Check(av_opt_set(format.get(), "protocol_whitelist", "file", 0), what);
  // avformat_open_input frees its context when it fails.
  AVFormatContext* context = format.release();
  const int code = avformat_open_input(&context, url.c_str(), container, nullptr);
  if (code < 0) {
    ffmpeg::Check(code, fmt::format("{}, a {} file", what, container->name));
  }
  format.reset(context);
}

void VideoDecoder::State::ChooseStream() {
  ffmpeg::Check(avformat_find_stream_info(format.get(), nullptr), what);
  const int index = av_find_best_stream(format.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0 || (format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
    throw InputError(
        fmt::format("{}: the {} file has no video stream", what, format->iformat->name));
  }
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    format->streams[i]->discard = static_cast<int>(i) == index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
  stream = format->streams[index];
  orientation = StreamOrientation(*stream);
}

void VideoDecoder::State::OpenCodec() {
  const AVCodecParameters& parameters = *stream->codecpar;
  const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
  if (decoder == nullptr) {
    throw InputError(fmt::format("{}: this FFmpeg has no decoder for {}", what,
                                 avcodec_get_name(parameters.codec_id)));
  }
  if (parameters.width > kMaxSide || parameters.height > kMaxSide) {
    throw InputError(fmt::format("{}: {}x{} pixels; at most {} a side are read", what,
                                 parameters.width, parameters.height, kMaxSide));
  }
  codec.reset(ffmpeg::CheckMemory(avcodec_alloc_context3(decoder)));
  ffmpeg::Check(avcodec_parameters_to_context(codec.get(), &parameters), what);
  codec->thread_count = 1;
  codec->max_pixels = int64_t{kMaxSide} * kMaxSide;
  codec->pkt_timebase = stream->time_base;
  ffmpeg::Check(avcodec_open2(codec.get(), decoder, nullptr), what);
}

void VideoDecoder::State::Describe() {
  const AVRational rate = stream->avg_frame_rate.num > 0 ? stream->avg_frame_rate
                          : stream->r_frame_rate.num > 0 ? stream->r_frame_rate
                                                         : AVRational{0, 1};
  // With edit lists, mov's index holds what is to be shown and nb_frames what is stored.
  const bool indexed = std::string_view(format->iformat->name) == kSeekable[0];
  const int64_t entries = indexed ? avformat_index_get_entries_count(stream) : 0;
  info = {format->iformat->name,
          codec->codec->name,
          stream->codecpar->width,
          stream->codecpar->height,
          rate.num,
          rate.den,
          entries > 0 ? entries : std::max<int64_t>(0, stream->nb_frames)};
  if (format->start_time != AV_NOPTS_VALUE) {
    origin_s = Seconds(format->start_time, {1, AV_TIME_BASE});
  } else if (stream->start_time != AV_NOPTS_VALUE) {
    origin_s = Seconds(stream->start_time, stream->time_base);
  }
}

void VideoDecoder::State::SeekToBegin() {
  if (part.begin_s < kSeekFrom_s || !Contains(kSeekable, format->iformat->name)) {
    return;
  }
  const double target = (part.begin_s + origin_s) / av_q2d(stream->time_base);
  sought = target < 9e18 && av_seek_frame(format.get(), stream->index, static_cast<int64_t>(target),
                                          AVSEEK_FLAG_BACKWARD) >= 0;
}

void VideoDecoder::State::Note(const std::string& problem) {
  if (summary.problem.empty()) {
    summary.problem = problem;
  }
}

// One packet, or the end, into the decoder.
void VideoDecoder::State::Feed() {
  const int code = av_read_frame(format.get(), packet.get());
  if (code < 0) {
    if (code != AVERROR_EOF) {
      cut_short = true;
      Note(ffmpeg::Describe(code, "reading"));
      ffmpeg::Check(code == AVERROR(ENOMEM) ? code : 0, what);
    }
    flushing = true;
    avcodec_send_packet(codec.get(), nullptr);
    return;
  }
  if (packet->stream_index == stream->index) {
    const int sent = avcodec_send_packet(codec.get(), packet.get());
    if (sent < 0) {
      ffmpeg::Check(sent == AVERROR(ENOMEM) ? sent : 0, what);
      Note(ffmpeg::Describe(sent, "decoding"));
    }
  }
  av_packet_unref(packet.get());
}

bool VideoDecoder::State::Decode(AVFrame* frame) {
  while (true) {
    const int code = avcodec_receive_frame(codec.get(), frame);
    if (code >= 0) {
      return true;
    }
    if (code == AVERROR_EOF || (flushing && code == AVERROR(EAGAIN))) {
      return false;
    }
    if (code != AVERROR(EAGAIN)) {
      ffmpeg::Check(code == AVERROR(ENOMEM) ? code : 0, what);
      Note(ffmpeg::Describe(code, "decoding"));
    }
    if (!flushing) {
      Feed();
    }
  }
}

double VideoDecoder::State::FrameTime(const AVFrame& frame) const {
  if (frame.best_effort_timestamp != AV_NOPTS_VALUE) {
    return Seconds(frame.best_effort_timestamp, stream->time_base) - origin_s;
  }
  const double step_s = info.fps_num > 0 ? double(info.fps_den) / info.fps_num : 0.04;
  return any_frame ? last_time_s + step_s : 0;
}

// Exact for whole files; for parts only where the frame rate is constant.
int64_t VideoDecoder::State::PromisedFrames() const {
  const bool whole = part.begin_s <= 0 && std::isinf(part.end_s);
  if (whole || info.num_frames == 0) {
    return info.num_frames;
  }
  if (info.fps_num == 0 || av_cmp_q(stream->avg_frame_rate, stream->r_frame_rate) != 0) {
    return 0;
  }
  const double fps = double(info.fps_num) / info.fps_den;
  const auto all = static_cast<double>(info.num_frames);
  const double end = std::min(part.end_s * fps, all);
  return std::llround(std::max(0., end - std::min(part.begin_s * fps, all)));
}

void VideoDecoder::State::Finish(bool at_end_of_file) {
  finished = true;
  if (summary.num_frames == 0) {
    FailEmpty();
  }
  const std::string logged = ffmpeg::TakeLog();
  if (!logged.empty()) {
    Note(logged);
  }
  if (at_end_of_file) {
    summary.expected_frames = PromisedFrames();
    const int64_t missing = summary.expected_frames - summary.num_frames;
    summary.truncated = cut_short || missing > std::max<int64_t>(2, summary.expected_frames / 50);
  }
}

void VideoDecoder::State::FailEmpty() {
  if (any_frame) {
    throw InputError(fmt::format("{}: no frame from {} s to {} s; the last is at {:.3f} s", what,
                                 part.begin_s, part.end_s, last_time_s));
  }
  const std::string logged = ffmpeg::TakeLog();
  const std::string& why = summary.problem.empty() ? logged : summary.problem;
  throw InputError(fmt::format("{}: no frame of the {} stream could be decoded{}", what, info.codec,
                               why.empty() ? "" : ": " + why));
}

VideoDecoder::VideoDecoder(const fs::path& file, const VideoPart& part)
    : state_(std::make_unique<State>(file, part, true)) {}
VideoDecoder::~VideoDecoder() = default;

const VideoInfo& VideoDecoder::info() const { return state_->info; }
const DecodeSummary& VideoDecoder::summary() const { return state_->summary; }

// After a seek the first frame must not lie behind the wanted one: some files' indexes lie.
bool VideoDecoder::State::SoughtTooFar(bool decoded, double time_s) const {
  return sought && !any_frame && (!decoded || time_s > part.begin_s + kSlack_s);
}

void VideoDecoder::State::Present(VideoFrame* frame, double time_s) {
  const AVFrame& decoded = *frame->get();
  const AVRational pixel = av_guess_sample_aspect_ratio(format.get(), stream, frame->get());
  const double stored =
      (pixel.num > 0 ? av_q2d(pixel) : 1) * decoded.width / std::max(1, decoded.height);
  frame->time_s = time_s;
  frame->aspect = orientation.transpose ? 1 / stored : stored;
  frame->orientation = orientation;
  ++summary.num_frames;
}

bool VideoDecoder::Next(VideoFrame* frame) {
  while (!state_->finished) {
    const bool decoded = state_->Decode(frame->get());
    const double time_s = decoded ? state_->FrameTime(*frame->get()) : 0;
    if (state_->SoughtTooFar(decoded, time_s)) {
      state_ = std::make_unique<State>(state_->file, state_->part, false);
      continue;
    }
    if (!decoded) {
      state_->Finish(true);
      break;
    }
    state_->any_frame = true;
    state_->last_time_s = time_s;
    if (time_s >= state_->part.end_s - kSlack_s) {
      state_->Finish(false);
    } else if (time_s >= state_->part.begin_s - kSlack_s) {
      state_->Present(frame, time_s);
      return true;
    }
  }
  return false;
}

}  // namespace reel3d
