// SPDX-License-Identifier: Apache-2.0
#include "lib/video/opened_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/video/file_end.h"
#include "lib/video/stream_choice.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// These are FFmpeg's names of containers.
constexpr std::string_view kMov = "mov,mp4,m4a,3gp,3g2,mj2";
constexpr std::string_view kMatroska = "matroska,webm";
constexpr std::string_view kAvi = "avi";
constexpr std::string_view kMjpeg = "mjpeg";
// FFmpeg takes most files of JPEG pictures for this container.
constexpr std::string_view kJpegPipe = "jpeg_pipe";
// These containers are accepted. Playlists (hls, concat, dash, image sequences) are not, because
// they make the reader open other files.
constexpr std::array<std::string_view, 20> kContainers{
    kMov,        kMatroska, kAvi,   "mpegts", "mpeg", "flv", "asf", "gif", "ogg",  "mxf",
    "mpegvideo", "m4v",     "h264", "hevc",   "ivf",  "rm",  "dv",  "nut", kMjpeg, "yuv4mpegpipe"};

constexpr int64_t kMaxPixels = int64_t{VideoDecoder::kMaxSide} * VideoDecoder::kMaxSide;

bool IsPictureSequence(const AVInputFormat& container) { return container.name == kMjpeg; }

bool IsShown(const AVIndexEntry& entry) { return (entry.flags & AVINDEX_DISCARD_FRAME) == 0; }

// A codec that FFmpeg does not know is named by its letters in the file.
std::string CodecName(const AVCodecParameters& parameters) {
  const std::string name = avcodec_get_name(parameters.codec_id);
  if (parameters.codec_tag == 0) {
    return parameters.codec_id == AV_CODEC_ID_NONE ? "its codec, which it does not know" : name;
  }
  std::array<char, AV_FOURCC_MAX_STRING_SIZE> letters{};
  av_fourcc_make_string(letters.data(), parameters.codec_tag);
  return parameters.codec_id == AV_CODEC_ID_NONE ? letters.data()
                                                 : fmt::format("{} ({})", name, letters.data());
}

// The display matrix maps stored (x, y) to shown (a x + c y, b x + d y); angles between quarter
// turns become the nearest.
Orientation OrientationOf(const uint8_t* matrix_bytes, size_t size_bytes) {
  std::array<int32_t, 9> matrix{};
  if (matrix_bytes == nullptr || size_bytes < sizeof(matrix)) {
    return {};
  }
  std::copy_n(matrix_bytes, sizeof(matrix), reinterpret_cast<uint8_t*>(matrix.data()));
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
  try {
    OpenContainer(file);
    ProbeStreams();
    ChooseStream(file);
    OpenCodec();
    Describe();
  } catch (const Error& error) {
    // The cause may be a lost end of the file, because some files have their index at the end.
    throw Error(error.kind(), error.what() + DescribeTruncation(io.get(), info.container),
                error.system_error());
  }
  // This discards the log up to here, which is about other streams.
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
  // Only the content is probed, because a name proves nothing.
  if (av_probe_input_buffer2(io.get(), &container, "", nullptr, 0, 0) < 0) {
    throw InputError(what + ": its content is of no known video format");
  }
  if (container->name == kJpegPipe) {
    container = av_find_input_format(kMjpeg.data());
  }
  if (std::find(kContainers.begin(), kContainers.end(), container->name) == kContainers.end()) {
    throw InputError(fmt::format("{}: its content ({}) is no video container that reel3d reads",
                                 what, container->name));
  }
  info.container = container->name;
  AVFormatContext* context = ffmpeg::CheckMemory(avformat_alloc_context());
  context->pb = io.get();
  // avformat_open_input() frees its context when it fails.
  const int code = avformat_open_input(&context, url.c_str(), container, options.address());
  ffmpeg::Check(code, fmt::format("{}, a {} file", what, container->name));
  format.reset(context);
}

// FFmpeg decodes the first frames if the headers state too little. max_pixels keeps it from
// decoding a picture that would be refused later.
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

void OpenedVideo::ChooseStream(const fs::path& file) {
  std::vector<int> candidates = VideoStreams(*format);
  const bool may_be_stills = candidates.size() > 1 || IsPictureSequence(*format->iformat);
  std::vector<int> pictures;
  if (may_be_stills) {
    pictures = CountPictures(format.get(), candidates);
    // Counting has consumed packets, so the file is opened a second time.
    format.reset();
    io.reset();
    OpenContainer(file);
    ProbeStreams();
    candidates = VideoStreams(*format);
  }
  const int index = ChooseVideoStream(format.get(), candidates, pictures);
  if (index < 0) {
    throw InputError(fmt::format("{}: the {} file has no video stream{}", what,
                                 format->iformat->name,
                                 DescribeTruncation(io.get(), format->iformat->name)));
  }
  if (IsPictureSequence(*format->iformat) && pictures == std::vector<int>{1}) {
    throw InputError(what + ": it is a single JPEG picture, no video");
  }
  if (format->streams[index]->nb_frames > VideoDecoder::kMaxFrames) {
    throw InputError(fmt::format("{}: it claims {} frames; at most {} are read", what,
                                 format->streams[index]->nb_frames, VideoDecoder::kMaxFrames));
  }
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    format->streams[i]->discard = static_cast<int>(i) == index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
  stream = format->streams[index];
  size_t size_bytes = 0;
  const uint8_t* matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size_bytes);
  container_orientation_ = orientation_ = OrientationOf(matrix, size_bytes);
}

void OpenedVideo::OpenCodec() {
  const AVCodecParameters& parameters = *stream->codecpar;
  const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
  if (decoder == nullptr) {
    throw InputError(
        fmt::format("{}: this FFmpeg has no decoder for {}", what, CodecName(parameters)));
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
          stream->codecpar->height, rate.num,           rate.den};
  info.num_frames = ListedFrames();
  info.length_s = Length();
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
  orientation_ = container_orientation_;
  return av_seek_frame(format.get(), stream->index, static_cast<int64_t>(target),
                       AVSEEK_FLAG_BACKWARD) >= 0;
}

// The index has times of decoding. The frame is shown up to `video_delay` frames later.
double OpenedVideo::KeyFrameBefore(double time_s) const {
  const double delay_s = stream->codecpar->video_delay * info.FrameStep();
  const double target = (time_s - delay_s + origin_s) / av_q2d(stream->time_base);
  const bool is_known = (info.container == kMov || info.container == kMatroska) && target < 9e18;
  const AVIndexEntry* entry = is_known
                                  ? avformat_index_get_entry_from_timestamp(
                                        stream, static_cast<int64_t>(target), AVSEEK_FLAG_BACKWARD)
                                  : nullptr;
  return entry != nullptr ? Seconds(entry->timestamp) : -std::numeric_limits<double>::infinity();
}

// A stream of H.264 or HEVC may state its orientation itself. ffmpeg also prefers this to what the
// container states. Some encoders state it only at key frames.
Orientation OpenedVideo::OrientationOfFrame(const AVFrame& frame) {
  if (const AVFrameSideData* said = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX)) {
    orientation_ = OrientationOf(said->data, said->size);
  }
  return orientation_;
}

double OpenedVideo::Seconds(int64_t stream_time) const {
  return static_cast<double>(stream_time) * av_q2d(stream->time_base) - origin_s;
}

bool OpenedVideo::PacketsAdjoin() const {
  constexpr std::array<std::string_view, 3> kSuch{"ivf", "dv", "yuv4mpegpipe"};
  return std::find(kSuch.begin(), kSuch.end(), info.container) != kSuch.end();
}

bool OpenedVideo::ListsWhatIsShown() const { return info.container == kMov; }

// If a MOV has an edit list, its index also holds frames that are decoded and never shown.
int64_t OpenedVideo::ListedFrames() const {
  // AVI counts ticks, of which some may hold no frame.
  return info.container == kMov   ? ListedBehind(-1, std::numeric_limits<double>::infinity())
         : info.container == kAvi ? 0
                                  : std::max<int64_t>(0, stream->nb_frames);
}

int64_t OpenedVideo::ListedBehind(int64_t size_bytes, double end_s) const {
  int64_t count = 0;
  const int num_listed = info.container == kMov ? avformat_index_get_entries_count(stream) : 0;
  for (int i = 0; i < num_listed; ++i) {
    const AVIndexEntry& entry = *avformat_index_get_entry(stream, i);
    const bool behind = entry.pos > size_bytes - entry.size && Seconds(entry.timestamp) < end_s;
    count += behind && IsShown(entry) ? 1 : 0;
  }
  return count;
}

// The index has decoding times, which are never later than the presentation times.
double OpenedVideo::ListedEnd() const {
  if (info.container == kMov) {
    for (int i = avformat_index_get_entries_count(stream) - 1; i >= 0; --i) {
      const AVIndexEntry& entry = *avformat_index_get_entry(stream, i);
      if (IsShown(entry)) {
        return Seconds(entry.timestamp) + info.FrameStep();
      }
    }
  }
  return 0;
}

double OpenedVideo::StatedEnd() const {
  if (info.container == kMov) {
    return ListedEnd();
  }
  if (info.container == kAvi) {
    return Seconds(stream->nb_frames);
  }
  return format->duration_estimation_method == AVFMT_DURATION_FROM_STREAM
             ? static_cast<double>(format->duration) / AV_TIME_BASE
             : 0;
}

// A length that FFmpeg guesses by the bit rate can be wrong by any factor.
double OpenedVideo::Length() const {
  const bool is_by_time_stamps = format->duration_estimation_method == AVFMT_DURATION_FROM_PTS;
  const double length_s =
      is_by_time_stamps ? static_cast<double>(format->duration) / AV_TIME_BASE : StatedEnd();
  return std::max(0.0, length_s);
}

}  // namespace reel3d
