// SPDX-License-Identifier: Apache-2.0
#include "lib/video/video_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/error.h"
#include "lib/video/ffmpeg_handle.h"
#include "lib/video/opened_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Below this, decoding from the start costs less than seeking could do wrong.
constexpr double kSeekFrom_s = 4;
// Times in files are rounded to their own units.
constexpr double kSlack_s = 1e-6;

}  // namespace

VideoFrame::VideoFrame() : frame_(ffmpeg::CheckMemory(av_frame_alloc())) {}
VideoFrame::~VideoFrame() = default;
void VideoFrame::Free::operator()(AVFrame* frame) const { av_frame_free(&frame); }

struct VideoDecoder::State {
  State(const fs::path& path, const VideoPart& wanted, bool may_seek)
      : file(path),
        part(wanted),
        video(path),
        sought(may_seek && part.begin_s >= kSeekFrom_s && video.Seek(part.begin_s)) {}
  bool Decode(AVFrame* frame);
  void Feed();
  double FrameTime(const AVFrame& frame) const;
  bool SoughtTooFar(bool decoded, double time_s) const;
  void Present(VideoFrame* frame, double time_s);
  void Finish(bool at_end_of_file);
  int64_t ExpectedFrames() const;
  [[noreturn]] void FailEmpty();
  void Note(int code, const char* doing);

  const fs::path file;
  const VideoPart part;
  OpenedVideo video;
  ffmpeg::Handle<AVPacket> packet{ffmpeg::CheckMemory(av_packet_alloc())};
  const bool sought;
  double last_time_s = 0;
  bool any_frame = false;  // decoded, whether in the part or not
  bool cut_short = false;  // the demuxer ended in an error
  bool flushing = false;
  bool finished = false;
  DecodeSummary summary;
};

// Damage is passed over; the first of it is told. Without memory frames would get lost silently.
void VideoDecoder::State::Note(int code, const char* doing) {
  ffmpeg::Check(code == AVERROR(ENOMEM) ? code : 0, video.what);
  const std::string problem = ffmpeg::Describe(code, doing);
  if (summary.problem.empty()) {
    summary.problem = problem;
  }
}

// One packet, or the end, into the decoder.
void VideoDecoder::State::Feed() {
  const int code = av_read_frame(video.format.get(), packet.get());
  if (code < 0) {
    // What the system could not read is no fault of the video.
    if (video.io->error < 0 && video.io->error != AVERROR_EOF) {
      throw EnvironmentError(ffmpeg::Describe(video.io->error, video.what));
    }
    if (code != AVERROR_EOF) {
      cut_short = true;
      Note(code, "reading");
    }
    flushing = true;
    avcodec_send_packet(video.codec.get(), nullptr);
    return;
  }
  if (packet->stream_index == video.stream->index) {
    const int sent = avcodec_send_packet(video.codec.get(), packet.get());
    if (sent < 0) {
      Note(sent, "decoding");
    }
  }
  av_packet_unref(packet.get());
}

bool VideoDecoder::State::Decode(AVFrame* frame) {
  while (true) {
    const int code = avcodec_receive_frame(video.codec.get(), frame);
    if (code >= 0) {
      return true;
    }
    if (code == AVERROR_EOF || (flushing && code == AVERROR(EAGAIN))) {
      return false;
    }
    if (code != AVERROR(EAGAIN)) {
      Note(code, "decoding");
    }
    if (!flushing) {
      Feed();
    }
  }
}

double VideoDecoder::State::FrameTime(const AVFrame& frame) const {
  if (frame.best_effort_timestamp != AV_NOPTS_VALUE) {
    return video.Seconds(frame.best_effort_timestamp);
  }
  return any_frame ? last_time_s + video.info.FrameStep() : 0;
}

// Some files' indexes lie: after a seek the first frame must not be behind the wanted one.
bool VideoDecoder::State::SoughtTooFar(bool decoded, double time_s) const {
  return sought && !any_frame && (!decoded || time_s > part.begin_s + kSlack_s);
}

void VideoDecoder::State::Present(VideoFrame* frame, double time_s) {
  const AVFrame& decoded = *frame->get();
  const AVRational pixel =
      av_guess_sample_aspect_ratio(video.format.get(), video.stream, frame->get());
  const double stored =
      (pixel.num > 0 ? av_q2d(pixel) : 1) * decoded.width / std::max(1, decoded.height);
  frame->time_s = time_s;
  frame->aspect = video.orientation.transpose ? 1 / stored : stored;
  frame->orientation = video.orientation;
  ++summary.num_frames;
}

int64_t VideoDecoder::State::ExpectedFrames() const {
  const bool whole = part.begin_s <= 0 && std::isinf(part.end_s);
  if (whole && video.PromisedFrames() > 0) {
    return video.PromisedFrames();
  }
  const double promised_s = video.PromisedEnd(!summary.problem.empty());
  const double step_s = video.info.FrameStep();
  const double missing_s = std::min(part.end_s, promised_s) - (last_time_s + step_s);
  return summary.num_frames + std::llround(std::clamp(missing_s / step_s, 0., 1e9));
}

void VideoDecoder::State::Finish(bool at_end_of_file) {
  finished = true;
  if (summary.num_frames == 0) {
    FailEmpty();
  }
  const std::string logged = ffmpeg::TakeLog();
  if (summary.problem.empty()) {
    summary.problem = logged;
  }
  summary.expected_frames = at_end_of_file ? ExpectedFrames() : summary.num_frames;
  const int64_t missing = summary.expected_frames - summary.num_frames;
  summary.truncated = cut_short || missing > std::max<int64_t>(2, summary.expected_frames / 50);
}

void VideoDecoder::State::FailEmpty() {
  if (any_frame) {
    throw InputError(fmt::format("{}: no frame from {} s to {} s; the last is at {:.3f} s",
                                 video.what, part.begin_s, part.end_s, last_time_s));
  }
  const std::string logged = ffmpeg::TakeLog();
  const std::string& why = summary.problem.empty() ? logged : summary.problem;
  throw InputError(fmt::format("{}: no frame of the {} stream could be decoded{}", video.what,
                               video.info.codec, why.empty() ? "" : ": " + why));
}

VideoDecoder::VideoDecoder(const fs::path& file, const VideoPart& part)
    : state_(std::make_unique<State>(file, part, true)) {}
VideoDecoder::~VideoDecoder() = default;

void VideoDecoder::OnDecoded(std::function<void()> tell) { on_decoded_ = std::move(tell); }
const VideoInfo& VideoDecoder::info() const { return state_->video.info; }
const DecodeSummary& VideoDecoder::summary() const { return state_->summary; }

bool VideoDecoder::Next(VideoFrame* frame) {
  while (!state_->finished) {
    const bool decoded = state_->Decode(frame->get());
    if (on_decoded_) {
      on_decoded_();
    }
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
