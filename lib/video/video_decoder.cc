// SPDX-License-Identifier: Apache-2.0
#include "lib/video/video_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/error.h"
#include "lib/base/plural.h"
#include "lib/video/ffmpeg_handle.h"
#include "lib/video/file_end.h"
#include "lib/video/frame_clock.h"
#include "lib/video/opened_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// A part that begins before this time is decoded from the start: that costs little, and seeking may
// go wrong.
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
        sought(may_seek && part.begin_s >= kSeekFrom_s && video.Seek(part.begin_s)),
        clock(video.info.FrameStep(), video.HasLeapingClock()) {}
  bool Decode(AVFrame* frame);
  void Feed();
  void KeepPacketsEnd();
  double FrameTime(const AVFrame& frame);
  bool SoughtTooFar(bool decoded, double time_s) const;
  bool IsWhole() const { return part.begin_s <= 0 && std::isinf(part.end_s); }
  void Present(VideoFrame* frame, double time_s);
  void NoteShape(const VideoFrame& frame);
  void Finish(bool at_end_of_file);
  int64_t MissingFrames(double end_s) const;
  void JudgeEnd();
  void NoteCounts();
  [[noreturn]] void FailEmpty();
  void Note(int code, const char* doing);

  const fs::path file;
  const VideoPart part;
  OpenedVideo video;
  ffmpeg::Handle<AVPacket> packet{ffmpeg::CheckMemory(av_packet_alloc())};
  const bool sought;
  FrameClock clock;
  double last_raw_s = 0, last_time_s = 0;
  double last_packet_s = 0;     // the latest time of a packet, on the stream's clock
  int64_t packets_end = 0;      // where the last packet ends in the file
  bool packet_corrupt = false;  // the last packet
  // Shape of the previous frame: width and height as stored, transpose, flip_x, flip_y.
  std::array<int, 5> last_shape{};
  int num_shapes = 0;
  bool any_frame = false;  // a frame was decoded, in the part or before it
  bool cut_short = false;  // the demuxer ended in an error
  bool flushing = false;
  bool finished = false;
  DecodeSummary summary;
};

// Decoding goes on after damage, and only the first problem is kept. Lack of memory is an error,
// because frames would be lost silently.
void VideoDecoder::State::Note(int code, const char* doing) {
  ffmpeg::Check(code == AVERROR(ENOMEM) ? code : 0, video.what);
  const std::string problem = ffmpeg::Describe(code, doing);
  if (summary.problem.empty()) {
    summary.problem = problem;
  }
}

// Sends one packet, or the end, to the decoder.
void VideoDecoder::State::Feed() {
  const int code = av_read_frame(video.format.get(), packet.get());
  if (code < 0) {
    // A failure of the system to read is no fault of the video.
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
  // A packet without bytes means "no change", but a decoder would take it for the stream's end.
  if (packet->stream_index == video.stream->index && packet->size > 0) {
    KeepPacketsEnd();
    const int sent = avcodec_send_packet(video.codec.get(), packet.get());
    if (sent < 0) {
      Note(sent, "decoding");
    }
  }
  av_packet_unref(packet.get());
}

void VideoDecoder::State::KeepPacketsEnd() {
  const int64_t time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
  if (time != AV_NOPTS_VALUE && (packet->flags & AV_PKT_FLAG_DISCARD) == 0) {
    last_packet_s = std::max(last_packet_s, video.Seconds(time));
  }
  packets_end = std::max(packets_end, packet->pos + packet->size);
  packet_corrupt = (packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
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

double VideoDecoder::State::FrameTime(const AVFrame& frame) {
  const double next_s = any_frame ? last_raw_s + video.info.FrameStep() : 0;
  last_raw_s = frame.best_effort_timestamp != AV_NOPTS_VALUE
                   ? video.Seconds(frame.best_effort_timestamp)
                   : next_s;
  return clock.Next(last_raw_s);
}

// Some files have wrong indexes. A seek went too far if the first frame after it is later than the
// beginning of the part.
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
  frame->orientation = video.OrientationOfFrame(decoded);
  frame->aspect = frame->orientation.transpose ? 1 / stored : stored;
  NoteShape(*frame);
  ++summary.num_frames;
}

// Notes a change of shape: all frames are scaled to the size of the first, so later frames of
// another shape are distorted.
void VideoDecoder::State::NoteShape(const VideoFrame& frame) {
  const AVFrame& decoded = *frame.get();
  const Orientation& turn = frame.orientation;
  const std::array<int, 5> shape{decoded.width, decoded.height, turn.transpose, turn.flip_x,
                                 turn.flip_y};
  if (shape != last_shape) {
    if (++num_shapes == 2) {
      const bool resized = shape[0] != last_shape[0] || shape[1] != last_shape[1];
      summary.notes.push_back(
          resized
              ? fmt::format("its pictures change from {}x{} to {}x{} pixels at {:.2f} s",
                            last_shape[0], last_shape[1], shape[0], shape[1], frame.time_s)
              : fmt::format("its pictures are turned another way from {:.2f} s on", frame.time_s));
    }
    last_shape = shape;
  }
}

// Returns how many frames of the part are missing behind the last one if the video ends at `end_s`.
int64_t VideoDecoder::State::MissingFrames(double end_s) const {
  const double step_s = video.info.FrameStep();
  const double missing_s = std::min(part.end_s, end_s) - (last_raw_s + step_s);
  // Both times are on the stream's clock, which cannot be used if it has faults.
  return clock.num_faults() > 0 ? 0 : std::llround(std::clamp(missing_s / step_s, 0., 1e9));
}

// Decides at the end of the file whether frames are missing after the last one.
void VideoDecoder::State::JudgeEnd() {
  FileEnd end = FindFileEnd(video.io.get(), video.info.container);
  constexpr int kPacketHeader_bytes = 16;
  const int64_t size_bytes = avio_size(video.io.get());
  // FFmpeg fills up an incomplete last packet of DV from the packet before.
  const bool misfit = video.PacketsAdjoin() &&
                      (packets_end + kPacketHeader_bytes < size_bytes || packets_end > size_bytes);
  if (end.kind == FileEnd::Kind::kComplete && (packet_corrupt || misfit)) {
    end = {FileEnd::Kind::kRagged, "the file ends within a packet"};
  }
  const bool cut = cut_short || end.kind == FileEnd::Kind::kCut;
  const bool complete = !cut && end.kind == FileEnd::Kind::kComplete;
  const double stated_s = video.StatedEnd();
  double end_s = complete ? 0 : stated_s;
  // If the decoder reported no problem, packets without a frame are not a fault.
  if (!summary.problem.empty()) {
    end_s = std::max({end_s, video.ListedEnd(), last_packet_s + video.info.FrameStep()});
  }
  const int64_t missing =
      std::max(MissingFrames(end_s), video.ListedBehind(size_bytes, part.end_s));
  summary.expected_frames += missing;
  const bool countable = stated_s > 0 && end.counts_frames && clock.num_faults() == 0;
  const int64_t harmless = std::max<int64_t>(2, summary.expected_frames / 50);
  summary.truncated = missing > (cut ? 0 : harmless) || (cut && !countable);
  // The file may be cut between two tags, or its sound may be longer than the video.
  if (complete && video.info.container == "flv" && MissingFrames(stated_s) > harmless) {
    summary.notes.push_back(fmt::format("its header states {:.2f} s, its last frame is at {:.2f} s",
                                        stated_s, last_raw_s));
  }
  if (!end.what.empty()) {
    summary.notes.push_back(end.what);
  }
}

void VideoDecoder::State::NoteCounts() {
  const int64_t listed = video.ListsWhatIsShown() ? video.ListedFrames() : 0;
  if (IsWhole() && !summary.truncated && summary.num_frames < listed) {
    summary.notes.push_back(
        fmt::format("{} of the {} frames that it lists hold no picture that can be decoded",
                    listed - summary.num_frames, listed));
  }
  if (clock.num_faults() > 0) {
    summary.notes.push_back(fmt::format(
        "its clock starts again or leaps {}, first at {:.2f} s: times were made to go on",
        Count(clock.num_faults(), "time"), clock.first_fault_s()));
  }
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
  summary.expected_frames = summary.num_frames;
  if (at_end_of_file) {
    JudgeEnd();
    NoteCounts();
  }
}

void VideoDecoder::State::FailEmpty() {
  if (any_frame) {
    throw InputError(fmt::format("{}: no frame from {} s to {} s; the last is at {:.3f} s",
                                 video.what, part.begin_s, part.end_s, last_time_s));
  }
  const std::string logged = ffmpeg::TakeLog();
  const std::string& why = summary.problem.empty() ? logged : summary.problem;
  throw InputError(fmt::format("{}: no frame of the {} stream could be decoded{}{}", video.what,
                               video.info.codec, why.empty() ? "" : ": " + why,
                               DescribeTruncation(video.io.get(), video.info.container)));
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
    } else if (state_->part.begin_s <= 0 || time_s >= state_->part.begin_s - kSlack_s) {
      state_->Present(frame, time_s);
      return true;
    }
  }
  return false;
}

}  // namespace reel3d
